"""What do both sides answer with? Values of lists, files, and the rows of a checklist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ReceiptFile:
    name: str
    media_type: str
    content: bytes


KEPT_FOR = "kept_for"


@dataclass(frozen=True, slots=True)
class ReferenceItem:
    """One value of reference data of either side. `kind`: account, cost_centre, dimension_kind, vendor, employee,
    journal, tax, currency, company, field, field_value, department, location, category, source_account, entity.
    `group` narrows it (a plan, a field, a journal's type); `facts` hold what checks need (reconcile, type …), and
    under KEPT_FOR what the ledger keeps an account for itself: nobody books there."""

    kind: str
    external_id: str
    code: str = ""
    name: str = ""
    group: str = ""
    is_active: bool = True
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Check:
    """One row of a *Test connection* checklist: `state` is ok, warning, failed or skipped. `offers` are what may be
    chosen for settings, by name: values and what a person reads."""

    name: str
    state: str
    message: str
    cure: str = ""
    offers: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
