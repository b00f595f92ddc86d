"""When does a journal or a pending invoice get posted, and why not?

There is no call that posts: in F&O a person, a workflow or a batch job does. Here a control action runs the job, or it
runs by itself after a number of requests. Sales tax is calculated for pending invoices alone; tax groups on journal
lines are only checked to exist.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from .books import write_voucher
from .company_catalogue import PENNY_ACCOUNT
from .dimensions import Combination
from .errors import Infolog
from .invoices import invoice_lines
from .journals import KINDS, JournalKind, journal_name, lines_of
from .legs import Leg, invoice_legs, journal_legs
from .logic import Session
from .posting_checks import check_legs
from .store import Row, money
from .values import stamp

if TYPE_CHECKING:
    from .simulator import DynamicsSimulator


@dataclass(slots=True)
class Result:
    """What became of one document: its vouchers, or the reasons why it stays."""

    company: str
    number: str
    vouchers: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {
            "company": self.company,
            "number": self.number,
            "posted": not self.reasons,
            "vouchers": self.vouchers,
            "reasons": self.reasons,
        }


class Posting:
    """The posting job of one environment."""

    def __init__(self, simulator: DynamicsSimulator) -> None:
        self.simulator = simulator

    def run(self, company: str = "", names: Iterable[str] = (), numbers: Iterable[str] = ()) -> list[Result]:
        """Post what can be posted: journals of a company, of some journal names, or by batch number."""
        session = self.simulator.session()
        wanted, chosen = {one.lower() for one in names}, set(numbers)
        results = []
        for kind in KINDS:
            for header in list(session.store.table(kind.headers).rows.values()):
                if header["IsPosted"] == "Yes" or (company and header["dataAreaId"] != company.lower()):
                    continue
                if wanted and header["JournalName"].lower() not in wanted:
                    continue
                if not chosen or header["JournalBatchNumber"] in chosen:
                    results.append(self._journal(session, kind, header))
        return results

    def run_invoices(self, company: str = "", references: Iterable[str] = ()) -> list[Result]:
        """Post pending vendor invoices, as a person would."""
        session = self.simulator.session()
        chosen = set(references)
        results = []
        for header in list(session.store.table("VendorInvoiceHeaders").rows.values()):
            is_wanted = not chosen or header["HeaderReference"] in chosen
            if is_wanted and not header.get("_posted") and (not company or header["dataAreaId"] == company.lower()):
                results.append(self._invoice(session, header))
        return results

    def _journal(self, session: Session, kind: JournalKind, header: Row) -> Result:
        company, number = header["dataAreaId"], header["JournalBatchNumber"]
        result = Result(company, number)
        log = session.infolog("")
        name = journal_name(session, header)
        if name.get("IsWorkflowApprovalActive") == "Yes" and header.get("_workflow") != "approved":
            log.warn("not_approved", number=number)
        legs = journal_legs(session, kind, header)
        if not legs:
            log.warn("no_lines", number=number)
        for line in lines_of(session, kind, header):
            if not money(line.get(kind.debit)) and not money(line.get(kind.credit)):
                log.warn("no_amount", value=line["LineNumber"])
        check_legs(session, company, legs, log)
        vouchers = self._vouchers(session, company, legs, log)
        result.reasons = _plain(log)
        with session.store.transaction("posting"):
            if result.reasons:
                session.store.update(kind.headers, header, {"_problem": "; ".join(result.reasons)})
                return result
            renamed = {}
            for (voucher, _), some in vouchers.items():
                if name.get("VoucherAllocationAtPosting") == "Yes" and voucher not in renamed:
                    renamed[voucher] = session.simulator.sequences.get(company, name["VoucherSeriesCode"]).draw()
                final = renamed.get(voucher, voucher)
                write_voucher(session, company, final, some, number)
                result.vouchers.append(final)
            for line in lines_of(session, kind, header):
                if name.get("DeleteLinesAfterPosting") == "Yes":
                    session.store.delete(kind.lines, line)
                elif renamed:
                    session.store.update(kind.lines, line, {"Voucher": renamed[line["Voucher"]]})
            session.store.update(kind.headers, header, {"IsPosted": "Yes", "_problem": ""})
        return result

    def _invoice(self, session: Session, header: Row) -> Result:
        company = header["dataAreaId"]
        result = Result(company, header["HeaderReference"])
        log = session.infolog("")
        day = header.get("Date") or header.get("InvoiceDate") or stamp(session.simulator.clock.now())
        sequence = session.simulator.sequences.get(company, "VendorInvoices")
        voucher = sequence.peek()
        legs = invoice_legs(session, {**header, "Date": day}, voucher)
        if len(legs) == 1:
            log.warn("no_lines", number=header["InvoiceNumber"])
        check_legs(session, company, legs, log)
        vouchers = self._vouchers(session, company, legs, log)
        result.reasons = _plain(log)
        with session.store.transaction("posting"):
            if result.reasons:
                session.store.update("VendorInvoiceHeaders", header, {"_problem": "; ".join(result.reasons)})
                return result
            sequence.draw()
            result.vouchers.append(voucher)
            for some in vouchers.values():
                write_voucher(session, company, voucher, some, "")
            self._invoice_journal(session, header, legs[-1])
            self._retire(session, header)
        return result

    def _invoice_journal(self, session: Session, header: Row, vendor: Leg) -> None:
        session.store.insert(
            "VendInvoiceJourBiEntities",
            {
                "dataAreaId": header["dataAreaId"],
                "SysDataAreaId": header["dataAreaId"],
                "SourceKey": session.store.new_id(),
                "InvoiceAccount": header["InvoiceAccount"],
                "OrderAccount": header["VendorAccount"],
                "InvoiceId": header["InvoiceNumber"],
                "InvoiceDate": header.get("InvoiceDate") or vendor.day,
                "LedgerVoucher": vendor.voucher,
                "InvoiceAmount": -vendor.amount,
                "InvoiceAmountMST": -vendor.accounting,
                "CurrencyCode": vendor.currency,
                "Description": header.get("InvoiceDescription", ""),
                "DocumentNum": header.get("DocumentNumber", ""),
                "DueDate": vendor.due_day or vendor.day,
                "InternalInvoiceId": vendor.voucher,
                "ParmId": header["HeaderReference"],
                "CreatedOn": stamp(session.simulator.clock.now()),
            },
        )

    def _retire(self, session: Session, header: Row) -> None:
        """A posted invoice is no longer pending."""
        if not session.switches.pending_invoice_vanishes:
            session.store.update("VendorInvoiceHeaders", header, {"_posted": True, "_problem": ""})
            return
        for line in invoice_lines(session, header):
            session.store.delete("VendorInvoiceLines", line)
        for one in session.store.table("VendorInvoiceDocumentAttachments").by(
            "HeaderReference", header["HeaderReference"]
        ):
            if one["dataAreaId"] == header["dataAreaId"]:
                session.store.delete("VendorInvoiceDocumentAttachments", one)
        session.store.delete("VendorInvoiceHeaders", header)

    def _vouchers(
        self, session: Session, company: str, legs: list[Leg], log: Infolog
    ) -> dict[tuple[str, str], list[Leg]]:
        """Legs by voucher and day, each balanced; what a cent is missing goes to the account for penny differences."""
        vouchers: dict[tuple[str, str], list[Leg]] = {}
        for leg in legs:
            vouchers.setdefault((leg.voucher, leg.day), []).append(leg)
        penny = Decimal(session.switches.penny_difference)
        for (voucher, day), some in vouchers.items():
            accounting = sum((one.accounting for one in some), Decimal(0))
            reporting = sum((one.reporting for one in some), Decimal(0))
            is_one_currency = len({one.currency for one in some}) == 1
            own = sum((one.amount for one in some), Decimal(0)) if is_one_currency else Decimal(0)
            if own or max(abs(accounting), abs(reporting)) > penny:
                log.warn("unbalanced", voucher=voucher, day=day[:10], accounting=accounting, reporting=reporting)
            elif accounting or reporting:
                rest = replace(
                    some[0], where=Combination(PENNY_ACCOUNT), text="Penny difference", kind="Ledger", vendor=""
                )
                rest.amount, rest.accounting, rest.reporting = Decimal(0), -accounting, -reporting
                some.append(rest)
        return vouchers


def _plain(log: Infolog) -> list[str]:
    """The reasons, each once, in the order found."""
    return list(dict.fromkeys(log.lines))
