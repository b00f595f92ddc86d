"""How are journal lines written: accounts, amounts, vouchers, rates, and the header's totals?"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

from .errors import Infolog
from .journal_accounts import accept_account
from .journals import INVOICE, PAYMENT, JournalKind, journal_name, lines_of, refuse_closed
from .logic import Logic, Session
from .rates import own_rate_refused, rate_fields
from .store import Row, money
from .values import noon
from .vendors import is_invoice_used, marked


class LineLogic(Logic):
    """Lines: account and offset, amounts, voucher, rates; the header's totals follow every line."""

    table = "Journal lines (LedgerJournalTrans)"
    caption = (("Journal batch number", "JournalBatchNumber"), ("Line number", "LineNumber"))

    def __init__(self, kind: JournalKind, session_set: Logic) -> None:
        self.kind = kind
        self.entity = kind.line_entity
        super().__init__(session_set.of)
        self.lengths = {
            kind.text: ("Description", 60),
            "Voucher": ("Voucher", 20),
            "Document": ("Document", 20),
            "Invoice": ("Invoice", 20),
            "PaymentReference": ("Payment reference", 20),
            "JournalBatchNumber": ("Journal batch number", 10),
        }
        self.lookups = {
            kind.currency: ("Currency", "Currencies", "Currencies"),
            **dict.fromkeys(("SalesTaxGroup", "TaxGroup"), ("Sales tax group", "Sales tax groups", "TaxGroups")),
            **dict.fromkeys(
                ("ItemSalesTaxGroup", "TaxItemGroup"),
                ("Item sales tax group", "Item sales tax groups", "TaxItemGroupHeadings"),
            ),
        }
        self.mandatory = (("Date", kind.date), ("Currency", kind.currency), ("Account", "AccountDisplayValue"))
        self.read_only = frozenset({"Company"})

    def read(self, session: Session, sent: dict[str, Any]) -> Row:
        """Types first: an account is read by its type, in whatever order the two are sent."""
        given = super().read(session, sent)
        types: Row = {name: given[name] for name in ("AccountType", "OffsetAccountType") if name in given}
        return {**types, **given}

    def header(self, session: Session, row: Row) -> Row | None:
        return session.store.find(self.kind.headers, row["dataAreaId"], row.get("JournalBatchNumber", ""))

    def initialise(self, session: Session, row: Row, given: Row, log: Infolog) -> None:
        number = given.get("JournalBatchNumber", "")
        header = session.store.find(self.kind.headers, row["dataAreaId"], number)
        if header is None:
            log.warn("lookup", value=number, field="Journal batch number", related="Ledger journal table")
            raise log.field("JournalBatchNumber").refusal()
        refuse_closed(header, log)
        self._refuse_overlap(session, header, log)
        name = journal_name(session, header)
        row |= {
            "JournalBatchNumber": header["JournalBatchNumber"],
            "AccountType": "Vend" if self.kind is PAYMENT else "Ledger",
            "OffsetAccountType": "Ledger",
        }
        row["Company"] = row["OffsetCompany"] = row["dataAreaId"].upper()
        if self.kind is INVOICE:
            today = session.simulator.clock.now().date().isoformat()
            row |= {"Date": noon(today), "TransactionType": "Vend", "Approved": "Yes"}
        if name.get("Currency"):
            row[self.kind.currency] = name["Currency"]
        limit = name.get("PostingLineLimit") or 0
        if limit and len(lines_of(session, self.kind, header)) >= limit:
            raise log.warn("line_limit", number=number, value=limit).refusal()
        if name.get("OffsetAccountDisplayValue"):
            row["OffsetAccountType"] = name.get("OffsetAccountType", "Ledger")
            accept_account(session, row, "OffsetAccountDisplayValue", name["OffsetAccountDisplayValue"], log)

    def accept(self, session: Session, row: Row, name: str, value: object, log: Infolog) -> object:
        value = super().accept(session, row, name, value, log)
        if name == "JournalBatchNumber":
            return row["JournalBatchNumber"]
        if name in ("AccountType", "OffsetAccountType") and value not in ("Ledger", "Cust", "Vend", "Bank"):
            raise log.warn("account_type", value=value).field(name).refusal()
        if name == "OffsetCompany" and value and str(value).lower() != row["dataAreaId"]:
            raise log.warn("intercompany", value=value).field(name).refusal()
        if name.endswith("DisplayValue") and "FinTag" not in name:
            return accept_account(session, row, name, str(value), log)
        if name in (self.kind.debit, self.kind.credit) and money(value) < 0:
            header = self.header(session, row)
            is_positive = header and journal_name(session, header).get("AllowOnlyPositiveDebitsAndCredits") == "Yes"
            if is_positive or session.switches.negative_amounts == "refuse":
                raise log.warn("negative", number=row["JournalBatchNumber"]).field(name).refusal()
        return str(value).upper() if name in ("Company", "OffsetCompany") and value else value

    def complete(self, session: Session, row: Row, given: Row, log: Infolog) -> None:
        header = self.header(session, row)
        assert header is not None  # noqa: S101 - looked up in `initialise`
        lines = lines_of(session, self.kind, header)
        if not row.get("LineNumber"):
            row["LineNumber"] = (lines[-1]["LineNumber"] if lines else Decimal(0)) + 1
        if own_rate_refused(session, row, self.kind.currency, money(given.get("ExchRate"))):
            raise log.warn("own_rate").field("ExchRate").refusal()
        row |= rate_fields(session, row, self.kind.currency, self.kind.date)
        self._default_vendor(session, row)
        if row.get("MarkedInvoice"):
            row["SettleVoucher"] = "SelectedTransact"
            if session.switches.marked_invoice_check == "insert" and marked(session, row) is None:
                value = row["MarkedInvoice"]
                log.warn("lookup", value=value, field="Marked invoice", related="Open vendor transactions")
                raise log.field("MarkedInvoice").refusal()
        if not row.get("Voucher"):
            row["Voucher"] = self._voucher(session, header, lines, log)

    def _default_vendor(self, session: Session, row: Row) -> None:
        """What a vendor brings along."""
        account = row.get("_account")
        if row["AccountType"] != "Vend" or account is None:
            return
        vendor = session.store.find("VendorsV3", row["dataAreaId"], account.account) or {}
        brought = {"PostingProfile": "GEN", "DueDate": row.get(self.kind.date)}
        if self.kind is INVOICE:
            brought |= {"TermsOfPayment": vendor.get("DefaultPaymentTermsName", "")}
            brought |= {"MethodOfPayment": vendor.get("DefaultVendorPaymentMethodName", "")}
        for name, value in brought.items():
            if value and not row.get(name):
                row[name] = value

    def _voucher(self, session: Session, header: Row, lines: list[Row], log: Infolog) -> str:
        """By the journal name: one for all, the same until balanced, or as the line before."""
        name = journal_name(session, header)
        draw: Callable[[], str]
        if name.get("VoucherAllocationAtPosting") == "Yes":
            draw = partial("T{:06d}".format, len({one["Voucher"] for one in lines}) + 1)
        else:
            sequence = session.simulator.sequences.get(header["dataAreaId"], name["VoucherSeriesCode"])
            if sequence.is_manual:
                log.warn("mandatory", field="Voucher")
                raise log.warn("validate_write", source="LedgerJournalTrans (LedgerJournalTrans)").refusal()
            draw = sequence.draw
        if not lines:
            return draw()
        last = str(lines[-1]["Voucher"])
        if name["NewVoucher"] != "BalanceSheet":
            return last
        if not session.switches.voucher_until_balanced:
            return draw()
        open_amount = sum(
            (money(one.get(self.kind.debit)) - money(one.get(self.kind.credit)))
            for one in lines
            if one["Voucher"] == last and not one.get("OffsetAccountDisplayValue")
        )
        return last if open_amount else draw()

    def validate(self, session: Session, row: Row, log: Infolog) -> None:
        is_both = money(row.get(self.kind.debit)) and money(row.get(self.kind.credit))
        if is_both and session.switches.both_amounts == "refuse":
            raise log.warn("both_amounts").field(self.kind.credit).refusal()
        is_none = not money(row.get(self.kind.debit)) and not money(row.get(self.kind.credit))
        if is_none and session.switches.no_amount == "refuse":
            raise log.warn("no_amount", value=row["LineNumber"]).field(self.kind.debit).refusal()
        if session.switches.duplicate_invoice_check == "insert" and row.get("Invoice") and row["AccountType"] == "Vend":
            vendor = row["_account"].account
            if is_invoice_used(session, row["dataAreaId"], vendor, str(row["Invoice"])):
                raise log.warn("invoice_used", value=row["Invoice"], vendor=vendor).field("Invoice").refusal()

    def follow(self, session: Session, before: Row, after: Row, given: Row) -> None:
        """Another currency or day brings another rate."""
        is_other = any(before.get(one) != after.get(one) for one in (self.kind.currency, self.kind.date))
        if is_other and "ExchRate" not in given:
            after |= {"ExchRate": Decimal(0), "ReportingCurrencyExchRate": Decimal(0)}
            after |= rate_fields(session, after, self.kind.currency, self.kind.date)

    def may_change(self, session: Session, row: Row, log: Infolog) -> None:
        header = self.header(session, row)
        if header is not None:
            refuse_closed(header, log)

    def written(self, session: Session, row: Row) -> None:
        header = self.header(session, row)
        if header is not None:
            session.store.update(self.kind.headers, header, self._totals(session, header))

    def removed(self, session: Session, row: Row) -> None:
        self.written(session, row)

    def _totals(self, session: Session, header: Row) -> Row:
        debit = credit = Decimal(0)
        for one in lines_of(session, self.kind, header):
            amounts = [money(one.get(self.kind.debit)), money(one.get(self.kind.credit))]
            debit, credit = debit + amounts[0], credit + amounts[1]
            if session.switches.totals_include_offsets and one.get("OffsetAccountDisplayValue"):
                debit, credit = debit + amounts[1], credit + amounts[0]
        return {"JournalTotalDebit": debit, "JournalTotalCredit": credit}

    def _refuse_overlap(self, session: Session, header: Row, log: Infolog) -> None:
        """Two requests at once under one header: the later one finds the header changed."""
        call, simulator = session.call, session.simulator
        overlaps = header["_commit"] > call.arrival and header["_writer"] != call.writer
        share = session.switches.line_conflict_probability if overlaps else session.switches.line_conflict_rate
        if share and simulator.chance.random() < share:
            raise log.warn("update_conflict", table="Ledger journal table (LedgerJournalTable)").refusal()
