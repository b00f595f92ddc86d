"""How is an account given a role?"""

from __future__ import annotations

from typing import Any

from connectors.tenancy.admin import TenantScopedForm
from mappings.models import RoleAccount
from mappings.services.roles import role_account_problems


class RoleAccountForm(TenantScopedForm):
    """The tenant is that of the ledger; the account has to fit the role."""

    class Meta:
        model = RoleAccount
        fields = ("ledger", "company", "role", "what_for", "account", "has_statements")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if ledger := data.get("ledger"):
            self.instance.tenant_id = ledger.tenant_id
        return data

    def _post_clean(self) -> None:
        super()._post_clean()
        if not self.errors:
            for problem in role_account_problems(self.instance):
                self.add_error("account" if "account" in self.fields else None, problem)
