"""What does all work on one organisation share? Client, books, look-ups by stamp, and how a row becomes an outcome."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from connectors.base import Finding, LookupBlindError, Outcome, OutcomeState, Outgoing
from connectors.documents import JournalEntry, Payment, VendorBill
from connectors.errors import ConnectorError, RejectedError
from connectors.money import minor_unit
from connectors.zoho_books.books import Books
from connectors.zoho_books.client import PAGE, Json, ZohoClient, has_more, one, parsed
from connectors.zoho_books.demands import Demands
from connectors.zoho_books.errors import PROVIDER, MissingError, NumberTakenError
from connectors.zoho_books.readback import bill_differences, journal_differences, payment_differences
from connectors.zoho_books.regions import centre_of
from connectors.zoho_books.schema import BillRow, CreditRow, ExpenseRow, JournalRow, PaymentRow, Row
from connectors.zoho_books.stamps import stamp_of

R = TypeVar("R", bound=Row)
NOUNS = {"vendorpayment": "vendor payment"}
IN_LEDGER = "ledger:"  # prefix of a document that was born in Zoho
JOURNAL_STATES = {"published": OutcomeState.POSTED, "rejected": OutcomeState.CANCELLED}
BILL_STATES = {
    **dict.fromkeys(("open", "overdue", "partially_paid", "unpaid", "paid", "closed"), OutcomeState.POSTED),
    **dict.fromkeys(("void", "rejected"), OutcomeState.CANCELLED),
}
"""Everything else is there and not in the books: a draft, or waiting for an approval."""


@dataclass(frozen=True, slots=True)
class Module:
    """One kind of documents: where they are listed, under which key, and how their ledger ids begin.

    Ids are numbers of different modules; journals, the most, go without a prefix. `everything` is the filter that
    leaves out nothing: a list may show only what is active unless it is asked, as the chart of accounts does."""

    path: str
    listed: str
    single: str
    prefix: str
    page: str  # in Zoho's web client
    everything: str = "Status.All"

    @property
    def noun(self) -> str:
        """What people call it."""
        return NOUNS.get(self.single, self.single.replace("_", " "))


JOURNALS = Module("/journals", "journals", "journal", "", "accountant/journals", "JournalDate.All")
BILLS = Module("/bills", "bills", "bill", "bill:", "bills")
CREDITS = Module("/vendorcredits", "vendorcredits", "vendor_credit", "credit:", "vendorcredits")
PAYMENTS = Module("/vendorpayments", "vendorpayments", "vendorpayment", "payment:", "paymentsmade", "PaymentMode.All")
EXPENSES = Module("/expenses", "expenses", "expense", "expense:", "expenses")
CONTACTS = Module("/contacts", "contacts", "contact", "", "vendors")


class AlreadyThereError(Exception):
    """Zoho refused what may be there from an earlier try; carries the refusal, for when it is not."""

    def __init__(self, refusal: RejectedError) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


class Desk:
    """One organisation of one connection; lives as long as its ledger. Methods may raise ConnectorErrors."""

    def __init__(self, client: ZohoClient, company: str) -> None:
        self.client = client
        self.company = company
        self.books = Books(client, company)
        self.demands = Demands(self.books)

    # --- look-ups

    def stamped(self, kind: type[R], module: Module, stamp: str) -> list[R]:
        """Documents that bear a stamp, in every state. Raises LookupBlindError as `searched`."""
        return self.searched(
            kind, module, lambda row: getattr(row, "reference_number", "") == stamp, reference_number=stamp
        )

    def searched(self, kind: type[R], module: Module, fits: Callable[[R], bool], **wanted: Any) -> list[R]:
        """What fits of a list that a filter gives. Raises LookupBlindError where the list has others too and does not
        end on its first page: a filter that Zoho does not know is ignored without a word."""
        params = {**wanted, "filter_by": module.everything}
        answer = self.client.get(self.company, module.path, page=1, per_page=PAGE, **params)
        rows = parsed(kind, answer, module.listed)
        mine = [row for row in rows if fits(row)]
        if len(mine) < len(rows) and has_more(answer):
            name, value = next(iter(wanted.items()))
            raise LookupBlindError(
                f"Zoho was asked for the {module.noun}s with the {name.replace('_', ' ')} {value} and gave others: "
                "what is not among them may be there all the same, so nothing is concluded from it.",
                provider=PROVIDER,
            )
        return mine

    def read(self, kind: type[R], module: Module, record_id: str) -> R:
        """One document with its lines. Raises MissingError."""
        try:
            return one(kind, self.client.get(self.company, f"{module.path}/{record_id}"), module.single)
        except MissingError as error:
            named = f"{module.noun} {record_id}"
            error.message = f"Zoho does not have the {named}: it was deleted there, or it is of another organisation."
            raise

    def read_named(self, kind: type[R], module: Module, key: str) -> R | None:
        """A document of Zoho's own by the id that a key of ours names it by; None when it was deleted there."""
        try:
            return self.read(kind, module, key.removeprefix(IN_LEDGER).removeprefix(module.prefix))
        except MissingError:
            return None

    def bill_of(self, key: str) -> BillRow | None:
        """The bill that a payment or credit names: of ours by its stamp, of Zoho's own by its id."""
        if key.startswith(IN_LEDGER):
            return self.read_named(BillRow, BILLS, key)
        rows = self.stamped(BillRow, BILLS, stamp_of(key))
        return rows[0] if len(rows) == 1 else None

    def credit_of(self, key: str) -> CreditRow | None:
        """The vendor credit that a refund or bill names, likewise."""
        if key.startswith(IN_LEDGER):
            return self.read_named(CreditRow, CREDITS, key)
        rows = self.stamped(CreditRow, CREDITS, stamp_of(key))
        return rows[0] if len(rows) == 1 else None

    def create(self, entity: str, path: str, body: Json, stamp: str, **params: Any) -> Json:
        """Make a record, with the stamp in the organisation's key field where it has one. Raises AlreadyThereError
        where Zoho refused and the field may be why: then it is to be looked for."""
        field = self.demands.key_field(entity)
        if field:
            body = {**body, "custom_fields": [{"customfield_id": field, "value": stamp}]}
        try:
            return self.client.write(self.company, "POST", path, body, **params)
        except RejectedError as error:
            if field or isinstance(error, NumberTakenError):
                raise AlreadyThereError(error) from error
            raise

    def placed(self, body: Json) -> Json:
        """A document's body with its location, where the organisation has locations."""
        location_id = self.demands.location_id()
        return {**body, "location_id": location_id} if location_id else body

    def misplaced(self, body: Json, row: JournalRow | BillRow | CreditRow | PaymentRow | ExpenseRow) -> list[Finding]:
        """Whether Zoho took another location or dropped the one that a person set: right after writing, as later the
        document may have been moved. One that nobody set may be dropped, where there is but the head office."""
        sent, is_chosen = body.get("location_id", ""), bool(self.demands.settings.location_id)
        if not sent or row.location_id == sent or not (row.location_id or is_chosen):
            return []
        said = f"The location reads {row.location_id or 'empty'}, sent was {sent}."
        return [Finding("document_altered", said, "location")]

    # --- outcomes

    def link(self, module: Module, record_id: str) -> str:
        """The record's page in Zoho's web client."""
        centre = centre_of(self.client.context.address)
        base = centre.app if centre else self.client.context.address.rstrip("/")
        return f"{base}/app/{self.company}#/{module.page}/{record_id}"

    def journal_outcome(self, outgoing: Outgoing, entry: JournalEntry, row: JournalRow) -> Outcome:
        currency_id = self.books.currency(entry.currency).currency_id
        return Outcome(
            outgoing.key,
            JOURNAL_STATES.get(row.status.lower(), OutcomeState.CREATED),
            ledger_id=row.journal_id,
            number=row.entry_number,
            link=self.link(JOURNALS, row.journal_id),
            differences=journal_differences(entry, row, currency_id),
        )

    def bill_outcome(
        self, outgoing: Outgoing, bill: VendorBill, row: BillRow | CreditRow, extra: tuple[Finding, ...] = ()
    ) -> Outcome:
        module = BILLS if isinstance(row, BillRow) else CREDITS
        number = row.bill_number if isinstance(row, BillRow) else row.vendor_credit_number
        currency_id = self.books.currency(bill.currency).currency_id
        return Outcome(
            outgoing.key,
            BILL_STATES.get(row.status.lower(), OutcomeState.CREATED),
            ledger_id=f"{module.prefix}{row.key}",
            number=number,
            link=self.link(module, row.key),
            differences=(*bill_differences(bill, row, currency_id), *extra),
        )

    def payment_outcome(
        self, outgoing: Outgoing, payment: Payment, row: PaymentRow, extra: tuple[Finding, ...] = ()
    ) -> Outcome:
        """Posted only when nothing of it is left unapplied; an unapplied payment is an advance to the vendor."""
        foreign = payment.currency != payment.company_currency
        booked = (row.amount * row.exchange_rate).quantize(minor_unit(payment.company_currency))
        return Outcome(
            outgoing.key,
            OutcomeState.CREATED if row.balance or extra else OutcomeState.POSTED,
            ledger_id=f"{PAYMENTS.prefix}{row.payment_id}",
            number=row.payment_number,
            link=self.link(PAYMENTS, row.payment_id),
            differences=(*payment_differences(payment, row), *extra),
            company_amount=booked if foreign else None,
        )


def failed(outgoing: Outgoing, state: OutcomeState, error: ConnectorError) -> Outcome:
    return Outcome(outgoing.key, state, error=error)


def twice(outgoing: Outgoing, ids: list[str]) -> Outcome:
    return Outcome(outgoing.key, OutcomeState.TWICE, ledger_id=ids[0], duplicates=tuple(ids))


def with_differences(outcome: Outcome, more: list[Finding]) -> Outcome:
    return replace(outcome, differences=(*outcome.differences, *more)) if more else outcome


def absent(outgoing: Outgoing) -> Outcome:
    return Outcome(outgoing.key, OutcomeState.ABSENT)


def refused(message: str, cure: str = "") -> RejectedError:
    return RejectedError(message, cure=cure, provider=PROVIDER)
