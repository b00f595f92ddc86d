"""Where do people map and route? Flows, owners, roles and rules; the values of both sides to look at."""

from mappings.admin.flows import FlowAdmin
from mappings.admin.owners import FamilyOwnerAdmin
from mappings.admin.references import ReferenceValueAdmin
from mappings.admin.roles import RoleAccountAdmin
from mappings.admin.rules import AccountMappingAdmin, CostCentreMappingAdmin, FieldMappingAdmin, VendorMappingAdmin

__all__ = [
    "AccountMappingAdmin", "CostCentreMappingAdmin", "FamilyOwnerAdmin", "FieldMappingAdmin", "FlowAdmin",
    "ReferenceValueAdmin", "RoleAccountAdmin", "VendorMappingAdmin",
]  # fmt: skip
