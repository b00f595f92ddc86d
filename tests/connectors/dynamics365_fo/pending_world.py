"""What does the shared suite need of a Dynamics whose bills are pending invoices? A person who posts them at once."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from connectors.base import Outgoing
from connectors.documents import Account, VendorBill
from tests.connectors.dynamics365_fo.world import PAYABLE_NUMBER, VENDOR, DynamicsWorld, PostingJob


class PendingJob(PostingJob):
    """Invoices first, as payments settle them."""

    def run(self) -> list[dict[str, Any]]:
        with self.simulator.lock:
            self.simulator.switches.automatic_settlement = False
            told: list[dict[str, Any]] = self.simulator.control("post_invoices", {})
        return [*told, *super().run()]


class PendingWorld(DynamicsWorld):
    """The same company with the other pattern for bills."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(invoice_pattern="pending", **settings)
        before = self.job
        self.job = PendingJob(self.simulator)
        self.job.passes_over = before.passes_over
        self.faults.inner = self.job

    def vouchers(self, outgoing: Outgoing) -> set[str]:
        return {row["LedgerVoucher"] for row in self.rows("VendInvoiceJourBiEntities", DocumentNum=outgoing.stamp)}

    def count(self, outgoing: Outgoing) -> int:
        if not isinstance(outgoing.document, VendorBill):
            return super().count(outgoing)
        waiting = self.rows("VendorInvoiceHeaders", DocumentNumber=outgoing.stamp)
        return len(waiting) + len(self.vouchers(outgoing)) + super().count(outgoing)

    def books(self, outgoing: Outgoing) -> dict[str, Decimal]:
        if not isinstance(outgoing.document, VendorBill):
            return super().books(outgoing)
        vouchers = self.vouchers(outgoing)
        entries = {
            row["SourceKey"]
            for row in self.rows("GeneralJournalEntryBiEntities")
            if row["SubledgerVoucher"] in vouchers
        }
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for row in self.rows("GeneralJournalAccountEntryBiEntities"):
            if row["GeneralJournalEntry"] in entries:
                number = str(row["_account"])
                sums[VENDOR if number == PAYABLE_NUMBER else number] += row["AccountingCurrencyAmount"]
        return dict(sums)

    def open_items(self, outgoing: Outgoing, account: Account) -> Decimal:
        if not isinstance(outgoing.document, VendorBill):
            return super().open_items(outgoing, account)
        rows = [row for row in self.rows("VendTransBiEntities") if row["Voucher"] in self.vouchers(outgoing)]
        return sum((row["AmountMST"] - (row.get("SettleAmountMST") or 0) for row in rows), Decimal(0))
