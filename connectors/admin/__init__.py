"""What can be seen and done in the admin about tenants, people and connections?"""

from connectors.admin.connections import ConnectionAdmin
from connectors.admin.tenants import MembershipAdmin, TenantAdmin
from connectors.admin.thirdparty import GroupAdmin, UserAdmin

__all__ = ["ConnectionAdmin", "GroupAdmin", "MembershipAdmin", "TenantAdmin", "UserAdmin"]
