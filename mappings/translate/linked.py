"""What is known of the other records of this money? Picking the one that counts, and what its documents stand on.

A record is told by its kind, not by the kind of link, because a source ties a refund to its purchase with whatever id
it has (G4).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from connectors.documents import Account, Dimension, JournalEntry, Line, Partner, Payment, Role, VendorBill
from connectors.records import RecordKind, Side
from mappings.policies import rounded
from mappings.translate.context import Linked, PostedDocument
from mappings.translate.sheet import Sheet

POSTS = frozenset({"posted", "posting"})
MONEY_AND_OWED = frozenset(
    {Role.CARD, Role.CASH, Role.TRANSIT, Role.AP, Role.EMPAY, Role.CARDC, Role.CARDI, Role.COPD, Role.PAYCLR}
)
"""Roles that are not what the money was spent on."""


def of_kind(records: Iterable[Linked], *kinds: RecordKind) -> list[Linked]:
    """Linked records of these kinds, each once, those that post before those that only saw it."""
    unique = {linked.record_id: linked for linked in records if linked.record.kind in kinds}
    return sorted(unique.values(), key=lambda linked: (not linked.documents, linked.state not in POSTS))


def the_posted(sheet: Sheet, *kinds: RecordKind, what: str) -> Linked | None:
    """The one linked record of these kinds whose documents stand in the ledger; None, with a need, if there is none
    or more than one. A person's choice of partner record decides."""
    found = of_kind(sheet.known.linked, *kinds)
    chosen = sheet.known.choices.get("partner_record")
    if chosen:
        found = [one for one in (*found, *of_kind(sheet.known.twins, *kinds)) if str(one.record_id) == chosen][:1]
    undone = {getattr(posted.document, "reverses", "") for posted in _documents(sheet)}
    standing = [one for one in found if any(posted.key not in undone for posted in one.documents)]
    if len(standing) == 1:
        return standing[0]
    if standing:
        sheet.need("ambiguous_link", f"{len(standing)} records could be the {what}.", value=_link_value(sheet),
                   facts={"records": ", ".join(one.external_id for one in standing)})  # fmt: skip
        return None
    state = f" It is known and {found[0].state}." if found else ""
    sheet.need("missing_link", f"The {what} is not posted.{state}", value=_link_value(sheet), target=what,
               facts={"record": str(found[0].record_id)} if found else {})  # fmt: skip
    return None


def only_twin(
    sheet: Sheet, *kinds: RecordKind, what: str, fits: Callable[[Linked], bool] = lambda _: True
) -> Linked | None:
    """The record linked by a shared id, else the only twin by amount and date (G4), of those that fit.

    None without a need when there is none; None with a need when there are two."""
    chosen = sheet.known.choices.get("partner_record")
    if chosen == "none":
        return None
    linked = [one for one in of_kind(sheet.known.linked, *kinds) if fits(one)]
    twins = [one for one in of_kind(sheet.known.twins, *kinds) if fits(one)]
    if chosen:
        return next((one for one in (*linked, *twins) if str(one.record_id) == chosen), None)
    if linked:
        return linked[0]
    if twins:
        sheet.rule("G4")
    if len(_events(twins)) > 1:
        sheet.need("ambiguous_link", f"{len(twins)} records could be the {what}.", value=sheet.record.external_id,
                   facts={"records": ", ".join(one.external_id for one in twins)})  # fmt: skip
        return None
    return twins[0] if twins else None


def _events(twins: Sequence[Linked]) -> list[set[str]]:
    """Records that share an id tell one event: the payment of a bill and its funding are one candidate, not two."""
    events: list[set[str]] = []
    for twin in twins:
        names = {f"{link.kind}:{link.id}" for link in twin.record.links} or {f"record:{twin.record_id}"}
        told = [event for event in events if event & names]
        events = [event for event in events if event not in told] + [names.union(*told)]
    return events


def _documents(sheet: Sheet) -> Iterable[PostedDocument]:
    """Documents of all linked records that stand."""
    return (posted for linked in sheet.known.linked for posted in linked.documents)


def settled_before(sheet: Sheet, key: str) -> Decimal:
    """How much of a document other linked records have settled already, less what came back."""
    undone = {getattr(posted.document, "reverses", "") for posted in _documents(sheet)}
    return sum(
        (
            posted.document.total.amount
            for posted in _documents(sheet)
            if isinstance(posted.document, JournalEntry | Payment)
            and key in posted.document.settles
            and posted.key not in undone
        ),
        Decimal(0),
    )


def _link_value(sheet: Sheet) -> str:
    return next((f"{link.kind}:{link.id}" for link in sheet.record.links), sheet.record.external_id)


@dataclass(frozen=True, slots=True)
class Standing:
    """What one account with its partner and dimensions carries on a record's documents; debit is positive."""

    account: Account
    partner: Partner | None
    dimensions: tuple[Dimension, ...]
    amount: Decimal


def spent_on(documents: Sequence[PostedDocument]) -> list[Standing]:
    """What a record's money was spent on, as it stands in the ledger now: reclasses are netted, money is left out."""
    net: dict[tuple[Account, Partner | None, tuple[Dimension, ...]], Decimal] = {}
    for line in _all_lines(documents):
        if line.account.role not in MONEY_AND_OWED and line.amount:
            key = (line.account, line.partner, line.dimensions)
            net[key] = net.get(key, Decimal(0)) + (line.amount if line.side is Side.DEBIT else -line.amount)
    return [Standing(*key, amount=amount) for key, amount in net.items() if amount]


def _all_lines(documents: Iterable[PostedDocument]) -> Iterable[Line]:
    for posted in documents:
        if isinstance(posted.document, JournalEntry | VendorBill):
            yield from posted.document.lines


@dataclass(frozen=True, slots=True)
class OpenItem:
    """An open line of one of our journal entries."""

    key: str
    currency: str
    line: Line

    def company_part(self, amount: Decimal, currency: str) -> Decimal:
        """The company amount at which `amount` of it stands, pro rata for a part (G9)."""
        if amount == self.line.amount:
            return self.line.company_amount
        return rounded(self.line.company_amount * amount / self.line.amount, currency)


def open_items(documents: Iterable[PostedDocument], role: Role, side: Side) -> list[OpenItem]:
    """Lines on a role of our entries that are not settled yet."""
    return [
        OpenItem(posted.key, posted.document.currency, line)
        for posted in documents
        if isinstance(posted.document, JournalEntry) and not posted.is_settled
        for line in posted.document.lines
        if line.account.role is role and line.side is side
    ]
