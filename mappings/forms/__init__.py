"""How are mappings typed in? Forms that ask the services what is wrong, so that a page and a file are refused alike."""

from mappings.forms.flows import FlowForm
from mappings.forms.owners import OwnerForm
from mappings.forms.roles import RoleAccountForm
from mappings.forms.rules import RuleForm

__all__ = ["FlowForm", "OwnerForm", "RoleAccountForm", "RuleForm"]
