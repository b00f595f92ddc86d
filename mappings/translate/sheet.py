"""What is gathered while one record is translated? Parts of documents, names of rules, and everything that is missing.

Nothing is decided early: a rule asks the sheet for accounts, partners, days and rates, and goes on when one is not
there; at the end the sheet answers with documents or with one Hold that names every need.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from connectors.documents import Account, Dimension, Document, JournalEntry, Partner, Role
from connectors.money import Money, exponent
from connectors.records import Party, Side, SpendRecord
from mappings.policies import day_of, line_text, rounded
from mappings.translate.context import Decision, Draft, Hold, Known, Need, Post, Setup, VendorAnswer, Wait

NO_DIMENSIONS: tuple[Dimension, ...] = ()
OF_THE_FLOW = frozenset({Role.FEE, Role.DISC, Role.INTINC, Role.REWARD, Role.FX, Role.ROUND})
"""Roles whose lines carry the flow's own cost centre (G13)."""


def own_day(record: SpendRecord, setup: Setup) -> date | None:
    """The day on which the record would be posted if nothing were closed (G6); None if the source gives none."""
    moment = record.posting_moment
    if setup.policies.posting_day == "incurred":
        moment = record.document_moment or record.posting_moment
    return day_of(moment, setup.time_zone) if moment else None


@dataclass(frozen=True, slots=True)
class Part:
    """A line before it is valued: `company_amount` is set only where it must not be computed (G9)."""

    account: Account
    side: Side
    amount: Decimal
    partner: Partner | None = None
    dimensions: tuple[Dimension, ...] = NO_DIMENSIONS
    memo: str = ""
    is_personal: bool = False
    because: tuple[str, ...] = ()
    company_amount: Decimal | None = None

    @property
    def signed(self) -> Decimal:
        return self.amount if self.side is Side.DEBIT else -self.amount


@dataclass(slots=True)
class Sheet:
    """The working paper of one record. Used once, by one translation."""

    record: SpendRecord
    setup: Setup
    known: Known
    needs: list[Need] = field(default_factory=list)
    rules: list[str] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)
    has_attached_tax: bool = False  # a rule cut tax out of a gross amount (G12)
    partners: dict[tuple[str, Party], VendorAnswer] = field(default_factory=dict)  # what the book answered

    # --- what is missing ------------------------------------------------------------------------------------

    def rule(self, *names: str) -> None:
        """Name rules that made this document, once each, in the order of the policy."""
        self.rules = sorted({*self.rules, *names}, key=lambda name: (name[0], int(name[1:])))

    def need(
        self,
        code: str,
        message: str,
        *,
        value: str = "",
        source_field: str = "",
        label: str = "",
        target: str = "",
        facts: Mapping[str, str] | None = None,
    ) -> None:
        """Write down one thing that a person must decide; the same thing is written once."""
        need = Need(code, message, source_field, value, label, target, facts or {})
        if need not in self.needs:
            self.needs.append(need)

    def hold(self) -> Hold:
        return Hold(tuple(self.needs), tuple(self.rules))

    # --- facts of the record --------------------------------------------------------------------------------

    @property
    def amount(self) -> Money:
        """The settled amount; dispatch holds records without one before any rule sees them."""
        if self.record.amount is None:
            raise ValueError("A record without an amount has no sheet.")
        return self.record.amount

    @property
    def currency(self) -> str:
        return self.amount.currency

    @property
    def total(self) -> Decimal:
        return abs(self.amount.amount)

    @property
    def is_foreign(self) -> bool:
        return self.currency != self.setup.company_currency

    def own_day(self) -> date | None:
        """The posting day before any lock, after the reversal of an accrual (G19); None, with a need: not stated."""
        day = own_day(self.record, self.setup)
        if day is None:
            self.need("no_date", "The source gave no posting date.", value=self.record.external_id)
            return None
        if self.setup.policies.posting_day == "incurred":
            self.rule("G6")
        accrued = [posted.document.posting_date for posted in self.known.standing
                   if posted.purpose == "acc" and isinstance(posted.document, JournalEntry)]  # fmt: skip
        if accrued and day <= max(accrued):
            self.rule("G19")
            return max(accrued) + timedelta(days=1)
        return day

    def document_day(self) -> date | None:
        moment = self.record.document_moment or self.record.posting_moment
        return day_of(moment, self.setup.time_zone) if moment else None

    # --- accounts ------------------------------------------------------------------------------

    def role(self, role: Role, *what_for: str) -> Account | None:
        """The account that plays a role; None, with a need, when the connection does not say."""
        account = self.setup.role(role, *(what for what in what_for if what))
        if account is None:
            what = next((what for what in what_for if what), "")
            self.need("missing_role", f"No account plays the role {role}{f' for {what}' if what else ''}.",
                      value=f"{self.setup.company}:{role}:{what}", target=role, label=what)  # fmt: skip
        return account

    def card(self) -> Account | None:
        """The account of the record's card account; of the only one there is where the record does not name it."""
        cards = {account for (role, _), account in self.setup.roles.items() if role is Role.CARD}
        names_card = self.record.source_account and self.record.source_account not in self.setup.may_write_cash
        if not names_card and len(cards) == 1:
            return next(iter(cards))
        return self.role(Role.CARD, self.record.source_account, self.currency)

    def transit(self) -> Account | None:
        return self.role(Role.TRANSIT, self.record.source_account, self.currency)

    # --- money ----------------------------------------------------------------------------------------------

    def rate(self) -> Decimal | None:
        """Company currency per unit on the posting day before G7 moved it (G8); None, with a need."""
        facts, currency = self.known.facts, self.currency
        if facts.decimals.get(currency, exponent(currency)) != exponent(currency):
            self.need("decimals_differ", f"The ledger keeps {currency} with {facts.decimals[currency]} decimals.",
                      value=currency)  # fmt: skip
        if not self.is_foreign:
            return Decimal(1)
        self.rule("G8")
        if currency not in facts.active_currencies:
            self.need("inactive_currency", f"{currency} is not active in the ledger.", value=currency)
        own = self.own_day()
        if own is None:
            return None
        rate = facts.rates.get((currency, own))
        if rate is None or rate <= 0:
            self.need("no_rate", f"The ledger has no rate for {currency} on {own}.", value=f"{currency}:{own}")
            return None
        return rate

    def in_company_currency(self, amount: Decimal) -> Decimal | None:
        rate = self.rate()
        return None if rate is None else rounded(amount * rate, self.setup.company_currency)

    # --- texts ----------------------------------------------------------------------------------------------

    def text(self, *, memo: str = "", moved_from: date | None = None, is_personal: bool = False) -> str:
        record = self.record
        head = "personal" if is_personal else record.merchant or (record.vendor.name if record.vendor else "")
        document = self.document_day()
        original = str(record.original) if record.original and record.original != record.amount else ""
        return line_text(
            head,
            moved_from=moved_from,
            person=record.person.name if record.person else "",
            document_date=document,
            original=original,
            memo="" if is_personal else memo or record.memo,
        )

    # --- the answer -----------------------------------------------------------------------------------------

    def part(
        self,
        account: Account | None,
        side: Side,
        amount: Decimal | None = None,
        *,
        partner: Partner | None = None,
        company_amount: Decimal | None = None,
    ) -> list[Part]:
        """One part, or none where the account is not known (its need is written down already)."""
        if account is None:
            return []
        dimensions = self.setup.cost_centre_of_flow if account.role in OF_THE_FLOW else NO_DIMENSIONS
        if dimensions:
            self.rule("G13")
        return [
            Part(account, side, self.total if amount is None else amount, partner, dimensions,
                 company_amount=company_amount)
        ]  # fmt: skip

    def answer(self, drafts: Iterable[tuple[str, Document | None]]) -> Decision:
        """Documents if nothing is missing; else everything that is. A vendor of ours that is not posted yet: wait."""
        if self.needs:
            return self.hold()
        if self.waits:
            return self.waits[0]
        made = tuple(Draft(purpose, document) for purpose, document in drafts if document is not None)
        if not made:
            raise ValueError("A rule that posts nothing names a need, or answers otherwise.")
        return Post(made, tuple(self.rules))
