"""How are mappings changed? Each change in one transaction, with its history and reason, counted and told on commit."""

from mappings.services.flows import (
    flow_archive,
    flow_dry_run,
    flow_save,
    flow_switch_off,
    flow_switch_on,
)
from mappings.services.owners import owner_set, owners_fill
from mappings.services.references import Refreshed, reference_refresh
from mappings.services.roles import role_account_remove, role_account_set, role_defaults_apply, roles_offered
from mappings.services.rule_import import RulePlan, rules_apply, rules_plan
from mappings.services.rules import rule_archive, rule_create, rule_update, vendor_accept
from mappings.services.upserts import Upserted, flow_upsert, owner_upsert, role_account_upsert, rule_upsert

__all__ = [
    "Refreshed", "RulePlan", "Upserted", "flow_archive", "flow_dry_run", "flow_save", "flow_switch_off",
    "flow_switch_on", "flow_upsert", "owner_set", "owner_upsert", "owners_fill", "reference_refresh",
    "role_account_remove", "role_account_set", "role_account_upsert", "role_defaults_apply", "roles_offered",
    "rule_archive", "rule_create", "rule_update", "rule_upsert", "rules_apply", "rules_plan", "vendor_accept",
]  # fmt: skip
