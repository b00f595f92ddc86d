"""How do tenants stay apart? Access by membership, an admin that knows it, and foreign keys that cannot mix them."""

from connectors.tenancy.access import (
    has_role,
    has_role_anywhere,
    roles_of,
    scoped,
    tenant_id_of,
    tenants_of,
    tenants_with_role,
)
from connectors.tenancy.admin import TenantScopedAdmin, TenantScopedFilter, TenantScopedInline, tenant_path_of
from connectors.tenancy.constraints import tenant_fk

__all__ = [
    "TenantScopedAdmin",
    "TenantScopedFilter",
    "TenantScopedInline",
    "has_role",
    "has_role_anywhere",
    "roles_of",
    "scoped",
    "tenant_fk",
    "tenant_id_of",
    "tenant_path_of",
    "tenants_of",
    "tenants_with_role",
]
