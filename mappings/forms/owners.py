"""How is a new owner of a family named?"""

from __future__ import annotations

from typing import Any

from connectors.tenancy.admin import TenantScopedForm
from mappings.models import FamilyOwner
from mappings.services.owners import owner_refusals


class OwnerForm(TenantScopedForm):
    """The tenant is that of the source; owners are added from a day on and never edited (X6)."""

    class Meta:
        model = FamilyOwner
        fields = ("source", "ledger", "company", "family", "flow", "valid_from")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if source := data.get("source"):
            self.instance.tenant_id = source.tenant_id
        return data

    def _post_clean(self) -> None:
        super()._post_clean()
        if not self.errors:
            for problem in owner_refusals(self.instance)[1]:
                self.add_error(None, problem)

    def _get_validation_exclusions(self) -> set[str]:
        """Two owners from the same day are left to `owner_refusals`, which says what that means (X1)."""
        return {*super()._get_validation_exclusions(), "valid_from"}  # type: ignore[misc]
