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

    def validate_constraints(self) -> None:
        """Left to `owner_refusals`, which says what an owner that begins on the same day means (X1)."""
