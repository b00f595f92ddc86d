"""How do templates write amounts, states and addresses?"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from django import template
from django.db.models import Model

from audit.looks import POSTING_COLOURS, RECORD_COLOURS
from audit.looks import admin_url as address
from audit.models import Posting, SyncRecord
from audit.selectors import amount_text, money_text
from mappings.models import AccountMapping, CostCentreMapping, FieldMapping, MappingRule, Target, VendorMapping

register = template.Library()

RULE_PAGES: dict[str, type[MappingRule]] = {
    Target.ACCOUNT: AccountMapping,
    Target.COST_CENTRE: CostCentreMapping,
    Target.VENDOR: VendorMapping,
    Target.EMPLOYEE: VendorMapping,
}


@register.filter
def amount(value: Decimal | None, currency: str) -> str:
    """`1,234.50`; nothing for None."""
    return "" if value is None else amount_text(value, currency)


@register.filter
def money(sums: Mapping[str, Decimal]) -> str:
    """Sums by currency in one line."""
    return money_text(sums)


@register.filter
def words(value: str) -> str:
    """`journal_entry` as journal entry."""
    return str(value).replace("_", " ")


@register.filter
def admin_url(row: Model) -> str:
    """The page of a row; rules have one page for each kind."""
    if isinstance(row, MappingRule):
        page = RULE_PAGES.get(row.target, FieldMapping)
        return address(row, model=str(page._meta.model_name))
    return address(row)


@register.filter
def target_words(target: str) -> str:
    """What a rule of this target gives."""
    return str(Target(target).label) if target in Target.values else target


@register.filter
def state_variant(row: SyncRecord | Posting) -> str:
    """The colour of a record's or posting's state."""
    colours = RECORD_COLOURS if isinstance(row, SyncRecord) else POSTING_COLOURS
    return colours.get(row.get_state_display(), "default")
