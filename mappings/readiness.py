"""What is missing before a flow may be switched on? (accounting policy, section 9) Everything at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from connectors.documents import Role
from connectors.models import Connection, ConnectionState
from connectors.records import Family
from connectors.registry import connector_get
from mappings.defaults import EITHER_WAY, OPEN_ITEMS, fitting_types
from mappings.models import DocumentKind, Flow, ReferenceValue, RoleAccount, Target
from mappings.owners import families_owned
from mappings.selectors import rules_of, source_values, value_fits
from mappings.translate.context import Policies


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing to set up. Not blocking: needed only when such a record comes, which is then held."""

    what: str
    reason: str
    is_blocking: bool = True


MUST: Mapping[Family, frozenset[Role]] = {
    Family.CARD_SPEND: frozenset({Role.CARD, Role.EXP}),
    Family.CARD_CREDIT: frozenset({Role.CARD}),
    Family.CARD_PAYMENT: frozenset({Role.CARD, Role.TRANSIT}),
    Family.CASH: frozenset({Role.CARD, Role.CASH, Role.TRANSIT, Role.FEE, Role.INTINC}),
    Family.CLAIM_COST: frozenset({Role.EXP, Role.EMPAY, Role.TRANSIT}),
    Family.CLAIM_PAYMENT: frozenset({Role.EMPAY, Role.TRANSIT}),
    Family.BILL: frozenset({Role.EXP, Role.AP}),
    Family.BILL_PAYMENT: frozenset({Role.AP, Role.TRANSIT}),
}
MAY: Mapping[Family, Mapping[Role, str]] = {
    Family.CARD_SPEND: {Role.EMREC: "personal items on a card"},
    Family.CARD_CREDIT: {Role.FEE: "finance fees", Role.REWARD: "rewards"},
    Family.CASH: {Role.REWARD: "rewards", Role.EMREC: "personal items paid back"},
    Family.CLAIM_COST: {Role.FX: "claims in another currency"},
    Family.BILL: {Role.TAX: "bills with reclaimable tax"},
    Family.BILL_PAYMENT: {Role.CARD: "bills paid by card"},
}


def flow_readiness(flow: Flow) -> list[Missing]:
    """All that is missing, blocking first; empty: ready. A constant number of queries."""
    found = [*_connections(flow), *_company(flow)]
    if flow.document == DocumentKind.SPEND:
        found += _spend(flow)
    return sorted(found, key=lambda missing: not missing.is_blocking)


def roles_needed(families: Iterable[Family], policies: Policies) -> tuple[set[Role], dict[Role, str]]:
    """Roles that families must have, and those needed only when (with when)."""
    must: set[Role] = set()
    may: dict[Role, str] = {}
    owned = set(families)
    for family in owned:
        must |= MUST.get(family, frozenset())
        may |= MAY.get(family, {})
    if policies.basis == "cash":
        must.discard(Role.EMPAY)
    if Family.CARD_CREDIT in owned and policies.chargeback == "dispute":
        must.add(Role.DISPUTE)
    if Family.CARD_SPEND in owned and policies.card_expense == "bill_and_payment":
        must.add(Role.AP)
    if policies.month_end_accrual:
        must.add(Role.ACCR)
    return must, {role: when for role, when in may.items() if role not in must}


def account_problems(
    account: ReferenceValue, role: Role, *, vendor: str, currency: str, what_for: str = ""
) -> list[str]:
    """Why an account cannot play a role; `currency` is the one it must be able to take, empty if any."""
    kind = f"{account} cannot be {role}{f' for {what_for}' if what_for else ''}"
    facts = account.facts
    problems = []
    if account.kind != "account":
        problems.append(f"{kind}: it is a {account.kind}, not an account.")
    if not account.is_active:
        problems.append(f"{kind}: it is archived in the ledger.")
    fitting = fitting_types(vendor, role)
    if fitting and facts.get("type") and facts["type"] not in fitting:
        problems.append(f"{kind}: its type is {facts['type']}, needed is {' or '.join(sorted(fitting))}.")
    if facts.get("currency") and currency and facts["currency"] != currency:
        problems.append(f"{kind}: it takes {facts['currency']} alone, not {currency}.")
    if role in OPEN_ITEMS and facts.get("reconcile", "yes") != "yes":
        problems.append(f"{kind}: it must allow reconciliation.")
    return problems


def _connections(flow: Flow) -> list[Missing]:
    return [
        Missing("connection", f"The connection {connection} is {connection.get_state_display().lower()}.")
        for connection in (flow.source, flow.ledger)
        if connection.state == ConnectionState.OFF or connection.archived_at is not None
    ]


def _company(flow: Flow) -> list[Missing]:
    books = _books(flow)
    companies = ReferenceValue.objects.filter(connection=books, kind="company")
    if not companies.exists():
        return [Missing("company", f"The companies of {books} have not been read yet.")]
    if flow.document != DocumentKind.SPEND and not flow.company:
        return []
    company = companies.filter(external_id=flow.company, is_active=True).first()
    if company is None:
        return [Missing("company", f"{books} has no company {flow.company or '(none chosen)'}.")]
    if not company.facts.get("currency"):
        return [Missing("company", f"The currency of {company} is not known.")]
    return []


def _books(flow: Flow) -> Connection:
    """The side whose companies a flow names: its ledger, or its source where values go into a system without books."""
    has_books = connector_get(flow.ledger.vendor).open_ledger is not None
    return flow.ledger if has_books or flow.document == DocumentKind.SPEND else flow.source


def _spend(flow: Flow) -> list[Missing]:
    policies, families = flow.policy, families_owned(flow)
    if flow.stream not in connector_get(flow.source.vendor).streams:
        return [Missing("stream", f"{flow.source} has no stream {flow.stream}.")]
    must, may = roles_needed(families, policies)
    roles = list(
        RoleAccount.objects.filter(ledger=flow.ledger, company=flow.company).select_related("account", "ledger")
    )
    accounts = source_values(flow.source_id, "source_account")
    found = []
    for role in sorted(must - {Role.EXP}):
        found += _role_missing(flow, role, roles, accounts)
    for role, when in sorted(may.items()):
        if not any(row.role == role for row in roles):
            found.append(Missing(role, f"No account plays {role}: needed for {when}.", is_blocking=False))
    company = ReferenceValue.objects.filter(connection=flow.ledger, kind="company", external_id=flow.company).first()
    home = str(company.facts.get("currency", "")) if company else ""
    for row in roles:
        if Role(row.role) in must | may.keys():
            currency = _currency_of(row.what_for, accounts)
            problems = account_problems(
                row.account, Role(row.role), vendor=flow.ledger.vendor, currency=currency or home, what_for=row.what_for
            )
            found += [Missing(row.role, problem, is_blocking=Role(row.role) in must) for problem in problems]
    return [*found, *_rules_missing(flow, must), *_partners_missing(flow, families), *_journals_missing(flow, families)]


def _role_missing(
    flow: Flow, role: Role, roles: list[RoleAccount], accounts: Mapping[str, ReferenceValue]
) -> list[Missing]:
    """CARD and CASH for each account of the source (its own, its currency's or a general one); others once."""
    named = {row.what_for for row in roles if row.role == role}
    if role in EITHER_WAY and {"gain", "loss"} <= named:
        return []
    if "" in named:
        return []
    group = {Role.CARD: "card", Role.CASH: "cash"}.get(role)
    takes = flow.takes.accounts
    wanted = [
        (external_id, row)
        for external_id, row in accounts.items()
        if group and row.group == group and (not takes or external_id in takes)
    ]
    if not wanted:
        return [] if named else [Missing(role, f"No account plays the role {role} in this company.")]
    found = []
    for external_id, row in wanted:
        if external_id not in named and str(row.facts.get("currency", "")) not in named:
            found.append(Missing(role, f"No account plays the role {role} for {row.name or external_id}."))
    return found


def _currency_of(what_for: str, accounts: Mapping[str, ReferenceValue]) -> str:
    """The currency that a role's account must take: that of the source's account, or the one it is for."""
    if what_for in accounts:
        return str(accounts[what_for].facts.get("currency", ""))
    return what_for if len(what_for) == 3 and what_for.isupper() else ""


def _rules_missing(flow: Flow, must: set[Role]) -> list[Missing]:
    if Role.EXP not in must:
        return []
    rules = rules_of(flow).filter(target=Target.ACCOUNT, value__is_active=True)
    if any(value_fits(rule.value, flow) for rule in rules):
        return []
    return [Missing(Role.EXP, "No rule leads to a cost account of this company.")]


def _partners_missing(flow: Flow, families: frozenset[Family]) -> list[Missing]:
    partners = ReferenceValue.objects.filter(
        connection=flow.ledger, company__in=["", flow.company], kind__in=["vendor", "employee"], is_active=True
    )
    found = []
    if families & {Family.CLAIM_COST, Family.CLAIM_PAYMENT} and not partners.exists():
        found.append(Missing("employees", f"No employees or partners of {flow.ledger} have been read yet."))
    policies = flow.policy
    if policies.vendor == "default" and not partners.filter(external_id=policies.default_vendor).exists():
        named = policies.default_vendor or "(none)"
        found.append(Missing("vendor", f"The default vendor {named} is not in the ledger."))
    return found


def _journals_missing(flow: Flow, families: frozenset[Family]) -> list[Missing]:
    """Only where the ledger lists journals: some have none."""
    listed = ReferenceValue.objects.filter(connection=flow.ledger, company__in=["", flow.company], kind="journal")
    rows = {row.external_id: row for row in listed}
    if not rows:
        return []
    groups = {row.group for row in rows.values() if row.is_active}
    journals, found = flow.uses_journals, []
    wanted = [("entry", journals.entry, "general"), ("bill", journals.bill, "purchase")]
    for word, chosen, group in wanted:
        if word == "bill" and not families & {Family.BILL, Family.CLAIM_COST}:
            continue
        if chosen and (chosen not in rows or not rows[chosen].is_active):
            found.append(Missing("journal", f"The {word} journal {chosen} is not in this company."))
        elif not chosen and group not in groups:
            found.append(Missing("journal", f"This company has no {group} journal for {word} documents."))
    for account, chosen in journals.payments.items():
        if chosen not in rows or not rows[chosen].is_active:
            reason = f"The payment journal {chosen} of account {account} is not in this company."
            found.append(Missing("journal", reason))
    return found
