"""What does a flow's translation stand on? Roles, journals, rules and partners, read in a constant number of queries
once per `rules_version` and kept in this process.

A change counts up `rules_version` in its own transaction, so a set-up that was read between two equal looks at the
flow's row is of one moment. The row's `xmin` beside the version tells a version apart from the same number in a
transaction that was rolled back, or in tables that were emptied or restored."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from threading import Lock
from zoneinfo import ZoneInfo

from django.db import connection as database
from django.db.models import Count, Max, Sum
from django.db.models.functions import Extract
from django.utils import timezone

from connectors.base import KEPT_FOR
from connectors.documents import Account, Dimension, Role
from connectors.records import Family, RecordKind
from connectors.registry import connector_get
from mappings.models import Flow, FlowState, ReferenceValue, RoleAccount
from mappings.resolver import RuleResolver, RuleRow
from mappings.routing import OwnerView
from mappings.selectors import owners_for, rule_rows, rule_rows_as_of, source_values
from mappings.translate.context import Setup
from mappings.vendors import LedgerPartnerBook, PartnerIndex, PartnerRow

KEPT_SETUPS = 64
KEPT_INDEXES = 32
TRIES = 3
SMALL_KINDS = ("account", "journal", "company", "cost_centre")
STAND = """
SELECT flow.rules_version, flow.xmin::text, tenant.time_zone, pg_current_xact_id_if_assigned() IS NULL
  FROM mappings_flow flow JOIN connectors_tenant tenant ON tenant.id = flow.tenant_id
 WHERE flow.id = %s
"""
_kept: OrderedDict[tuple[object, ...], Setup] = OrderedDict()
_indexes: OrderedDict[tuple[object, ...], PartnerIndex] = OrderedDict()
_lock = Lock()


def setup_load(flow: Flow, *, on: date | None = None) -> Setup:
    """The flow's set-up under the rules as they are now; one query when nothing changed since the last call.

    `on` (default: today at the tenant) is the day for which the owner of CASH decides `may_write_cash`."""
    for _ in range(TRIES):
        stand, is_committed = _stand(flow)
        day = on or timezone.now().astimezone(ZoneInfo(str(stand[-1]))).date()
        key = (flow.pk, *stand, day)
        with _lock:
            if key in _kept:
                _kept.move_to_end(key)
                return _kept[key]
        fresh = Flow.objects.select_related("tenant", "source", "ledger", "cost_centre").get(pk=flow.pk)
        setup = setup_with_rules(fresh, rule_rows(fresh), on=day)
        if _stand(flow)[0] == stand:
            if is_committed:
                _keep(key, setup)
            break
    return setup  # of rules that never stood still it is not kept, and whoever writes by it looks at the version again


def _stand(flow: Flow) -> tuple[tuple[object, ...], bool]:
    """What the set-up hangs on, and whether all that this connection sees is committed: only then may it be kept."""
    with database.cursor() as cursor:
        cursor.execute(STAND, [flow.pk])
        row = cursor.fetchone()
    if row is None:
        raise Flow.DoesNotExist(f"There is no flow {flow.pk}.")
    return tuple(row[:-1]), row[-1]


def _keep(key: tuple[object, ...], setup: Setup) -> None:
    with _lock:
        _kept[key] = setup
        while len(_kept) > KEPT_SETUPS:
            _kept.popitem(last=False)


def setup_as_of(flow: Flow, moment: datetime, *, on: date | None = None) -> Setup:
    """The set-up with the mapping rules of a past instant; roles and reference values are today's."""
    return setup_with_rules(flow, rule_rows_as_of(flow, moment), on=on)


def setup_with_rules(flow: Flow, rules: Sequence[RuleRow], *, on: date | None = None) -> Setup:
    """The set-up with these rules in place of the stored ones: for previews and back-tests. Not kept."""
    day = on or timezone.now().astimezone(ZoneInfo(flow.tenant.time_zone)).date()
    roles = list(RoleAccount.objects.filter(ledger_id=flow.ledger_id, company=flow.company).select_related("account"))
    values = _values(flow)
    company = values.get(("company", flow.company))
    resolver = RuleResolver(rules)
    policies = flow.policy
    accounts = _role_accounts(roles)
    partners = LedgerPartnerBook(_partner_index(flow, "vendor"), _partner_index(flow, "employee"), resolver, policies)
    imported = frozenset(role.what_for for role in roles if role.role == Role.CASH and role.has_statements)
    entities, is_several = _entities(flow, rules)
    centre = flow.cost_centre
    journals = flow.uses_journals
    entry_journal = journals.entry or _first_journal(values, "general")
    return Setup(
        flow_id=flow.pk,
        source=flow.source.vendor,
        stream=flow.stream,
        company=flow.company,
        company_currency=str(company.facts.get("currency", "")) if company else "",
        time_zone=(str(company.facts.get("time_zone", "")) if company else "") or flow.tenant.time_zone,
        policies=policies,
        entry_journal=entry_journal,
        bill_journal=journals.bill or _first_journal(values, "purchase"),
        payment_journals=_payment_journals(values) | dict(journals.payments),
        roles=accounts,
        resolver=resolver,
        partners=partners,
        cost_centre_of_flow=(Dimension(centre.group, centre.external_id, centre.code),) if centre else (),
        may_write_cash=_cash_written(flow, day, accounts) - imported,
        bank_imported=imported,
        post_from=flow.post_from,
        entities=entities,
        several_companies=is_several,
        ledger_says_company_only_lines=connector_get(flow.ledger.vendor).says_company_only_lines,
        undoing_journal="" if connector_get(flow.ledger.vendor).payment_journals_take_entries else entry_journal,
        accounts_of_company=frozenset(flow.takes.accounts),
        accounts_by_code=_accounts_by_code(values, accounts),
        cost_centres_by_code=_cost_centres_by_code(values),
        repayments_are_recorded=_repayments_are_recorded(flow, day),
        payout_tells_cost=RecordKind.CLAIM_CASH not in _kinds_told(flow.source.vendor, flow.stream),
    )


def setups_forget() -> None:
    """Drop what this process keeps: for tests and after a restore of the database."""
    with _lock:
        _kept.clear()
        _indexes.clear()


def _values(flow: Flow) -> dict[tuple[str, str], ReferenceValue]:
    rows = ReferenceValue.objects.filter(
        connection_id=flow.ledger_id, company__in=["", flow.company], kind__in=SMALL_KINDS
    ).order_by("kind", "code", "pk")
    return {(row.kind, row.external_id): row for row in rows}


def _role_accounts(roles: Sequence[RoleAccount]) -> dict[tuple[Role, str], Account]:
    return {
        (Role(role.role), role.what_for): Account(Role(role.role), role.account.external_id, role.account.code)
        for role in roles
        if role.account.is_active
    }


def _accounts_by_code(
    values: Mapping[tuple[str, str], ReferenceValue], roles: Mapping[tuple[Role, str], Account]
) -> dict[str, Account]:
    """Active accounts by the word that coded lines carry; one that plays a role has that role (B37), and one that the
    ledger keeps for itself is none without."""
    playing = {account.id: account for (_, _), account in sorted(roles.items(), reverse=True)}
    return {
        word: playing.get(row.external_id) or Account(Role.EXP, row.external_id, row.code)
        for word, row in _by_word(values, "account").items()
        if row.external_id in playing or KEPT_FOR not in row.facts
    }


def _cost_centres_by_code(values: Mapping[tuple[str, str], ReferenceValue]) -> dict[str, Dimension]:
    """Active cost centres by the word that coded lines carry."""
    return {
        word: Dimension(row.group, row.external_id, row.code) for word, row in _by_word(values, "cost_centre").items()
    }


def _by_word(values: Mapping[tuple[str, str], ReferenceValue], kind: str) -> dict[str, ReferenceValue]:
    """Values by code where that names one alone, else by their id: as they are offered to a source."""
    active = [row for (of, _), row in values.items() if of == kind and row.is_active]
    used = Counter(row.code for row in active)
    return {row.code if row.code and used[row.code] == 1 else row.external_id: row for row in active}


def _first_journal(values: Mapping[tuple[str, str], ReferenceValue], group: str) -> str:
    """The oldest active journal of a type, as the ledger itself would choose."""
    fitting = [row for (kind, _), row in values.items() if kind == "journal" and row.group == group and row.is_active]
    return min(fitting, key=lambda row: (len(row.external_id), row.external_id)).external_id if fitting else ""


def _payment_journals(values: Mapping[tuple[str, str], ReferenceValue]) -> dict[str, str]:
    """Money account to the journal whose payments go through it: outstanding payments, receipts, its own account."""
    found: dict[str, str] = {}
    for fact in ("outbound_accounts", "inbound_accounts", "default_account"):
        for (kind, _), row in values.items():
            if kind == "journal" and row.is_active and row.group in ("bank", "cash", "credit"):
                for account in filter(None, str(row.facts.get(fact, "")).split(",")):
                    found.setdefault(account.strip(), row.external_id)
    return found


def _owner(flow: Flow, family: Family, day: date) -> OwnerView | None:
    return owners_for(flow.source_id).on((flow.source_id, flow.ledger_id, flow.company, family), day)


def _cash_written(flow: Flow, day: date, roles: Mapping[tuple[Role, str], Account]) -> frozenset[str]:
    """The source's cash accounts, if this flow owns what is written on CASH that day (F4)."""
    owner = _owner(flow, Family.CASH, day)
    if owner is None or owner.flow_id != flow.pk:
        return frozenset()
    known = source_values(flow.source_id, "source_account")
    named = {what for role, what in roles if role is Role.CASH and what}
    named |= {account for account, row in known.items() if row.group == "cash"}
    takes = flow.takes.accounts
    return frozenset(account for account in named if not takes or account in takes)


def _repayments_are_recorded(flow: Flow, day: date) -> bool:
    """Whether the owner of card purchases tells repayments as records of their own (B32)."""
    owner = _owner(flow, Family.CARD_SPEND, day)
    return owner is not None and RecordKind.CARD_REPAYMENT in _kinds_told(flow.source.vendor, owner.stream)


def _kinds_told(vendor: str, stream: str) -> tuple[RecordKind, ...]:
    spec = connector_get(vendor).streams.get(stream)
    return spec.kinds if spec else ()


def _entities(flow: Flow, rules: Sequence[RuleRow]) -> tuple[dict[str, str], bool]:
    """Legal entity of the source to ledger company, and whether this source fills several companies (G16)."""
    siblings = Flow.objects.filter(source_id=flow.source_id, ledger_id=flow.ledger_id).exclude(state=FlowState.ARCHIVED)
    companies = {flow.company}
    entities: dict[str, str] = {}
    for sibling in siblings.order_by("-pk"):
        companies.add(sibling.company)
        entities |= dict.fromkeys(sibling.takes.legal_entities, sibling.company)
    for rule in rules:
        if rule.target == "entity":
            entities |= {value: rule.value for name, value in rule.when if name == "entity"}
    entities |= dict.fromkeys(flow.takes.legal_entities, flow.company)
    return entities, len(companies | set(entities.values())) > 1


def _partner_index(flow: Flow, kind: str) -> PartnerIndex:
    scope = ReferenceValue.objects.filter(connection_id=flow.ledger_id, company__in=["", flow.company], kind=kind)
    # The sum, because a change may commit after a later one: then neither the last moment nor the number moves.
    stamp = scope.aggregate(last=Max("changed_at"), rows=Count("pk"), all=Sum(Extract("changed_at", "epoch")))
    key = (flow.ledger_id, flow.company, kind, stamp["last"], stamp["rows"], stamp["all"])
    with _lock:
        if key in _indexes:
            _indexes.move_to_end(key)
            return _indexes[key]
    index = PartnerIndex.of(
        PartnerRow(
            id=external_id,
            name=name,
            code=code,
            tax_id=str(facts.get("tax_id", "")),
            email=str(facts.get("email", "")),
            is_active=is_active,
        )
        for external_id, name, code, is_active, facts in scope.values_list(
            "external_id", "name", "code", "is_active", "facts"
        ).iterator(5000)
    )
    with _lock:
        _indexes[key] = index
        while len(_indexes) > KEPT_INDEXES:
            _indexes.popitem(last=False)
    return index
