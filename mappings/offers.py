"""Which values does a field of a form offer? Those of its kinds, its tenant and, where known, its ledger company."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin.widgets import AutocompleteSelect
from django.db.models import QuerySet

from connectors.base import KEPT_FOR
from mappings.models import Flow, ReferenceValue
from mappings.models.rules import TARGET_KINDS

KINDS, TENANT, LEDGER, COMPANY = "kinds", "of_tenant", "of_ledger", "of_company"


class OfferedValues(AutocompleteSelect):
    """An autocomplete on reference values whose address says what to offer. What a user may see at all is decided by
    the admin of reference values, never by the address."""

    offer: Mapping[str, str] = {}

    def get_url(self) -> str:
        return f"{super().get_url()}?{urlencode(self.offer)}"


def offer_for(
    *,
    kinds: Iterable[str],
    tenant_id: int | None = None,
    flow: Flow | None = None,
    ledger_id: int | None = None,
    company: str | None = None,
) -> dict[str, str]:
    """What the address says."""
    offer = {KINDS: ",".join(sorted(kinds))}
    if flow is not None:
        tenant_id, ledger_id, company = flow.tenant_id, flow.ledger_id, flow.company
    if tenant_id:
        offer[TENANT] = str(tenant_id)
    if ledger_id:
        offer[LEDGER] = str(ledger_id)
    if company is not None:
        offer[COMPANY] = company
    return offer


def offered(values: QuerySet[ReferenceValue], said: Mapping[str, Any]) -> QuerySet[ReferenceValue]:
    """The active values that an address asks for; what is not a number asks for nothing."""
    values = values.filter(is_active=True).exclude(facts__has_key=KEPT_FOR)
    if kinds := str(said.get(KINDS, "")):
        values = values.filter(kind__in=kinds.split(","))
    for name, field in ((TENANT, "tenant_id"), (LEDGER, "connection_id")):
        if wanted := str(said.get(name, "")):
            values = values.filter(**{field: int(wanted)}) if wanted.isdigit() else values.none()
    if COMPANY in said:
        values = values.filter(company__in=["", str(said[COMPANY])])
    return values


def kinds_of(targets: Iterable[str]) -> frozenset[str]:
    """The kinds of values that rules of these targets lead to."""
    return frozenset[str]().union(*(TARGET_KINDS[target] for target in targets))
