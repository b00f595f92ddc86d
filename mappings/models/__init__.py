"""What do people decide about the way into a ledger? Flows, owners, roles and rules, over reference values."""

from mappings.models.flows import DocumentKind, FamilyOwner, Flow, FlowState
from mappings.models.references import ReferenceValue, RoleAccount
from mappings.models.rules import (
    AccountMapping,
    CostCentreMapping,
    FieldMapping,
    MappingRule,
    Target,
    VendorMapping,
)

__all__ = [
    "AccountMapping", "CostCentreMapping", "DocumentKind", "FamilyOwner", "FieldMapping", "Flow", "FlowState",
    "MappingRule", "ReferenceValue", "RoleAccount", "Target", "VendorMapping",
]  # fmt: skip
