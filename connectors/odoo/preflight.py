"""What can be seen to be wrong before anything is sent? All of it at once, in a few reads for a whole batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from connectors.base import Finding
from connectors.contents import Posted, accounts_in, lines_in, name_of, partners_in, plain_number
from connectors.documents import Account, Document, JournalEntry, Line, NewVendor, Partner, Role, VendorBill
from connectors.money import exponent
from connectors.odoo.books import Books, closed_through
from connectors.odoo.client import OdooClient
from connectors.odoo.payments import method_line
from connectors.odoo.schema import Move

JOURNAL_TYPES = {
    "journal_entry": ("general", "bank", "cash", "credit"),
    "vendor_bill": ("purchase",),
    "payment": ("bank", "cash", "credit"),
}
PAYABLE_TYPES = ("liability_payable", "asset_receivable")
NEEDS_PARTNER = (Role.AP, Role.EMPAY, Role.EMREC, Role.ADV)


class Preflight:
    """Checks documents against the books of their company. May raise ConnectorErrors; safe to repeat.

    Odoo itself would accept most of what is found here: a locked period (it moves the date), an unknown analytic
    account, a second bill with the same number, a currency without rate (all observed on Odoo 19.0)."""

    def __init__(self, client: OdooClient, books: Books) -> None:
        self.client = client
        self.books = books

    def check(self, documents: Sequence[Document]) -> list[list[Finding]]:
        """One list of findings per document, in order."""
        posted = [one for one in documents if not isinstance(one, NewVendor)]
        if not posted:
            return [[] for _ in documents]
        self.books.accounts({account.id for one in posted for account in accounts_in(one)})
        self.books.partners({partner.id for one in posted for partner in partners_in(one)})
        self.books.journals({one.journal for one in posted if one.journal.isdigit()})
        self.books.analytic_accounts(
            {dimension.id for one in posted for line in lines_in(one) for dimension in line.dimensions}
        )
        taken = self._taken([one for one in posted if isinstance(one, VendorBill)])
        seen: set[tuple[str, bool, str]] = set()
        result: list[list[Finding]] = []
        for document in documents:
            findings: list[Finding] = []
            if not isinstance(document, NewVendor):
                findings = [*self._common(document), *self._own(document)]
            if isinstance(document, VendorBill):
                findings += self._duplicate(document, taken, seen)
            result.append(list(dict.fromkeys(findings)))
        return result

    def _common(self, document: Posted) -> Iterator[Finding]:
        yield from self._journal(document)
        yield from self._period(document)
        yield from self._currency(document.currency, document.posting_date)
        for account in dict.fromkeys(accounts_in(document)):
            yield from self._account(account, document.currency)
        for partner in dict.fromkeys(partners_in(document)):
            yield from self._partner(partner)
        for line in lines_in(document):
            yield from self._dimensions(line)
            if line.partner is None and line.account.role in NEEDS_PARTNER and isinstance(document, JournalEntry):
                yield Finding("missing_partner", f"A line on {name_of(line.account)} needs a partner.", line.account.id)

    def _own(self, document: Posted) -> Iterator[Finding]:
        if isinstance(document, JournalEntry):
            return
        partner = self.books.partners([document.partner.id]).get(int(document.partner.id))
        payable = document.payable
        if isinstance(document, VendorBill):
            # Odoo takes the payable account of a bill from the partner and nobody else.
            own = partner.property_account_payable_id if partner else None
            if partner and own and str(own) != payable.id:
                yield Finding(
                    "payable_account",
                    f"Odoo books bills of {partner.name} to another payable account than {name_of(payable)}.",
                    document.partner.id,
                )
        elif method_line(self.books.method_lines(), document) is None:
            yield Finding(
                "payment_account",
                f"No payment method of the journal books to {name_of(document.money)}.",
                document.money.id,
            )
        account = self.books.accounts([payable.id]).get(int(payable.id))
        if account and account.account_type not in PAYABLE_TYPES:
            yield Finding("wrong_account_type", f"{name_of(payable)} is not a payable account.", payable.id)

    def _journal(self, document: Posted) -> Iterator[Finding]:
        row = self.books.journals([document.journal]).get(int(document.journal)) if document.journal.isdigit() else None
        if row is None or str(row.company_id) != self.books.company:
            yield Finding("unknown_journal", f"The company has no journal {document.journal}.", document.journal)
            return
        if not row.active:
            yield Finding("inactive_journal", f"The journal {row.name} is archived.", document.journal)
        if row.type not in JOURNAL_TYPES[document.type]:  # Odoo would post a bill in any journal
            yield Finding("wrong_journal_type", f"The journal {row.name} is of type {row.type}.", document.journal)
        if row.currency_id and self.books.currency_code(row.currency_id) != document.currency:
            yield Finding("journal_currency", f"The journal {row.name} is kept in another currency.", document.journal)

    def _period(self, document: Posted) -> Iterator[Finding]:
        locks = closed_through(self.books.settings())
        is_taxed = any(line.account.role is Role.TAX for line in lines_in(document))
        kinds = [document.type, *([f"{document.type}:taxed"] if is_taxed else [])]
        last = max((locks[kind] for kind in kinds if kind in locks), default=None)
        if last and document.posting_date <= last:
            yield Finding("closed_period", f"The books are closed through {last}.", document.posting_date.isoformat())

    def _currency(self, code: str, day: date) -> Iterator[Finding]:
        row = self.books.currencies().get(code)
        if row is None or not row.active:
            yield Finding("inactive_currency", f"{code} is not active in Odoo.", code)
            return
        if row.decimal_places != exponent(code):
            yield Finding("wrong_decimals", f"Odoo keeps {code} with {row.decimal_places} decimals.", code)
        if self.books.rate(code, day) is None:  # Odoo would convert at 1:1
            yield Finding("no_rate", f"Odoo has no rate for {code} on {day}.", code)

    def _account(self, account: Account, currency: str) -> Iterator[Finding]:
        row = self.books.accounts([account.id]).get(int(account.id))
        if row is None or (row.company_ids and int(self.books.company) not in row.company_ids):
            yield Finding("unknown_account", f"The company has no account {name_of(account)}.", account.id)
            return
        if not row.active:
            yield Finding("inactive_account", f"The account {name_of(account)} is archived.", account.id)
        if row.account_type == "off_balance":
            yield Finding("wrong_account_type", f"{name_of(account)} is off the balance sheet.", account.id)
        if row.currency_id and self.books.currency_code(row.currency_id) != currency:
            yield Finding("account_currency", f"{name_of(account)} is kept in another currency.", account.id)

    def _partner(self, partner: Partner) -> Iterator[Finding]:
        row = self.books.partners([partner.id]).get(int(partner.id))
        if row is None or (row.company_id and str(row.company_id) != self.books.company):
            yield Finding("unknown_partner", f"There is no partner {partner.name or partner.id}.", partner.id)
        elif not row.active:  # Odoo would accept him
            yield Finding("inactive_partner", f"The partner {row.name} is archived.", partner.id)

    def _dimensions(self, line: Line) -> Iterator[Finding]:
        plans: set[int | None] = set()
        rows = self.books.analytic_accounts(one.id for one in line.dimensions)
        for dimension in line.dimensions:
            row = rows.get(int(dimension.id))
            name = dimension.code or dimension.id
            if row is None or (row.company_id and str(row.company_id) != self.books.company):
                yield Finding("unknown_dimension", f"There is no analytic account {name}.", dimension.id)
                continue
            if not row.active:
                yield Finding("inactive_dimension", f"The analytic account {row.name} is archived.", dimension.id)
            if row.root_plan_id in plans:
                yield Finding("two_dimensions", f"Two analytic accounts of one plan on a line: {name}.", dimension.id)
            plans.add(row.root_plan_id)

    # --- the same bill again (rule G21)

    def _taken(self, bills: Sequence[VendorBill]) -> dict[tuple[str, bool, str], Move]:
        wanted = {(bill.partner.id, plain_number(bill.number)) for bill in bills if plain_number(bill.number)}
        if not wanted:
            return {}
        either: list[object] = ["|"] * (len(wanted) - 1)
        for partner, number in sorted(wanted):
            pattern = f"%{'%'.join(number)}%"
            either += ["&", ["partner_id", "=", int(partner)], ["ref", "=ilike", pattern]]
        domain = [
            ["company_id", "=", int(self.books.company)],
            ["move_type", "in", ["in_invoice", "in_refund"]],
            ["state", "!=", "cancel"],
            *either,
        ]
        rows = self.client.rows(Move, domain, company=self.books.company)
        return {(str(row.partner_id), row.move_type == "in_refund", plain_number(row.ref)): row for row in rows}

    def _duplicate(
        self, bill: VendorBill, taken: dict[tuple[str, bool, str], Move], seen: set[tuple[str, bool, str]]
    ) -> list[Finding]:
        slot = (bill.partner.id, bill.is_credit, plain_number(bill.number))
        if not slot[2]:
            return []
        if row := taken.get(slot):
            there = row.name or f"draft {row.id}"
            return [Finding("duplicate_reference", f"{there} already has the number {row.ref}.", str(row.id))]
        if slot in seen:
            return [Finding("duplicate_reference", f"Two bills of this batch have the number {bill.number}.", "")]
        seen.add(slot)
        return []
