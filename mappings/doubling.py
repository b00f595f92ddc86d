"""Which set-ups would post money twice: beside what runs in the tenant, and beside another tenant's flows?"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence

from django.db import connection as database

from connectors.documents import Role
from connectors.records import Family
from mappings.models import DocumentKind, Flow, RoleAccount
from mappings.owners import RUNNING, families_owned, families_shown, siblings


def double_postings(flow: Flow) -> list[str]:
    """Reasons why this flow, beside those that run, would post money twice: X2 to X5, and the same flow in another
    tenant. Empty: none."""
    if flow.document != DocumentKind.SPEND:
        return []
    roles = list(RoleAccount.objects.filter(ledger_id=flow.ledger_id, company=flow.company).select_related("account"))
    running = list(siblings(flow))
    return [
        *_imported_by_the_ledger(flow, roles),
        *_cards_in_two_sources(flow, roles, running),
        *_two_bases(flow, running),
        *_another_tenant(flow),
        *_two_companies(flow, running),
    ]


def _another_tenant(flow: Flow) -> list[str]:
    return posted_by_another_tenant(flow, families_owned(flow))


def posted_by_another_tenant(flow: Flow, families: Collection[Family]) -> list[str]:
    """The reason why this flow may not post these families: another tenant's running flow posts the same account's
    money into the same books. Tenants know nothing of each other, so nobody else would see it; whose flow it is the
    reason does not tell. Until the caller's transaction ends nobody else is told anything about these books, so that
    of two tenants who ask at the same instant the second sees what the first has done."""
    if not flow.source.account or not flow.ledger.account:
        return []
    _books_hold(flow)
    others = (
        Flow.objects.filter(
            state__in=RUNNING,
            document=DocumentKind.SPEND,
            company=flow.company,
            **{f"source__{name}": getattr(flow.source, name) for name in ("vendor", "address", "account")},
            **{f"ledger__{name}": getattr(flow.ledger, name) for name in ("vendor", "address", "account")},
        )
        .exclude(tenant_id=flow.tenant_id)
        .select_related("source", "ledger")
    )
    if not any(families_owned(other) & frozenset(families) for other in others):
        return []
    books = f"{flow.ledger.get_vendor_display()} {flow.ledger.account}, company {flow.company}"
    said = (
        f"Another tenant of this installation posts the same records of {flow.source.get_vendor_display()} account "
        f"{flow.source.account} into the same books ({books}): they would be posted twice. Switch its flow off first."
    )
    return [said]


def _books_hold(flow: Flow) -> None:
    """A lock on one company's books in one organisation, whichever tenant's connection leads there."""
    ledger = flow.ledger
    books = json.dumps(["books", ledger.vendor, ledger.address, ledger.account, flow.company])
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [books])


def _imported_by_the_ledger(flow: Flow, roles: Sequence[RoleAccount]) -> list[str]:
    """X2. A feed is a stream that owns card credits or lines on CASH; records write TRANSIT instead."""
    shown = families_shown(flow)
    feeds = {Role.CASH: Family.CASH, Role.CARD: Family.CARD_CREDIT}
    reasons = []
    for role in roles:
        family = feeds.get(Role(role.role)) if role.has_statements else None
        if family is None or family not in shown or flow.stream == "accounting_records":
            continue
        takes = flow.takes.accounts
        if takes and role.what_for and role.what_for not in takes:
            continue
        reasons.append(
            f"X2: the ledger imports the statements of {role.account} itself, so {flow.stream} may not write "
            f"{role.what_for or 'it'} too; leave the account out of the flow, or stop the import."
        )
    return reasons


def _cards_in_two_sources(flow: Flow, roles: Sequence[RoleAccount], running: Sequence[Flow]) -> list[str]:
    """X3. The same ledger account as CARD here and as company card of a report system means the same cards."""
    if Family.CARD_SPEND not in families_owned(flow):
        return []
    cards = {role.account_id: role for role in roles if role.role == Role.CARD}
    both = [role for role in roles if role.role in (Role.CARDC, Role.CARDI) and role.account_id in cards]
    others = [
        other
        for other in running
        if (other.ledger_id, other.company) == (flow.ledger_id, flow.company) and other.source_id != flow.source_id
    ]
    return [
        f"X3: {other.name} already posts the purchases of these cards ({both[0].account} is its company card "
        f"account); let it own family F1, and keep F2 to F4 here."
        for other in others
        if both and Family.CARD_SPEND in families_shown(other)
    ]


def _two_bases(flow: Flow, running: Sequence[Flow]) -> list[str]:
    """X4. Claims at approval by one flow and when paid by another would be cost twice."""
    claims = {Family.CLAIM_COST, Family.CLAIM_PAYMENT}
    if not claims & families_shown(flow):
        return []
    return [
        f"X4: {other.name} posts reimbursements on {other.policy.basis} basis and this flow on {flow.policy.basis} "
        f"basis; both must be the same."
        for other in running
        if (other.source_id, other.ledger_id, other.company) == (flow.source_id, flow.ledger_id, flow.company)
        and claims & families_shown(other)
        and other.policy.basis != flow.policy.basis
    ]


def _two_companies(flow: Flow, running: Sequence[Flow]) -> list[str]:
    """X5. One source account into two companies, unless the legal entities of the records keep them apart."""
    mine, shown = set(flow.takes.legal_entities), families_shown(flow)
    reasons = []
    for other in running:
        if other.source_id != flow.source_id or other.document != DocumentKind.SPEND:
            continue
        if (other.ledger_id, other.company) == (flow.ledger_id, flow.company) or not shown & families_shown(other):
            continue
        theirs = set(other.takes.legal_entities)
        if not mine or not theirs or mine & theirs or set(flow.takes.accounts) & set(other.takes.accounts):
            reasons.append(
                f"X5: {other.name} takes the same records into another company; give both flows legal entities "
                f"(and accounts, for records that name none), none of them shared."
            )
    return reasons
