"""What stands in the general ledger and in the vendors' ledger after posting, and does it balance?"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from .dimensions import main_account, structure_of
from .legs import Leg
from .logic import Session
from .store import Row, Store, money
from .values import UNSET_DAY, stamp
from .vendors import marked

POSTING_TYPES = {"Ledger": "LedgerJournal", "Vend": "VendBalance", "Bank": "Bank", "Cust": "CustBalance"}


def write_voucher(session: Session, company: str, voucher: str, legs: list[Leg], journal: str) -> Row:
    """One general journal entry with its account entries, and the vendor transactions of its vendor legs."""
    store, now = session.store, session.simulator.clock.now()
    ledger: dict[str, Any] = store.find("Ledgers", company) or {}
    number = session.simulator.sequences.get(company, "JournalEntries").draw()
    document = next((one.document for one in legs if one.document), "")
    entry = store.insert(
        "GeneralJournalEntryBiEntities",
        {
            "JournalNumber": f"{company.upper()}-{number}",
            "FiscalCalendarYear": 5_637_144_576 + int(legs[0].day[:4]),
            "FiscalCalendarPeriod": 5_637_200_000 + int(legs[0].day[:4]) * 12 + int(legs[0].day[5:7]),
            "Ledger": ledger["LedgerRecId"],
            "PostingLayer": "Current",
            "SubledgerVoucher": voucher,
            "SubledgerVoucherDataAreaId": company,
            "AccountingDate": legs[0].day,
            "DocumentDate": next((one.document_day for one in legs if one.document_day), UNSET_DAY),
            "DocumentNumber": document,
            "JournalCategory": "Vend" if any(one.vendor for one in legs) else "GeneralJournal",
            "LedgerPostingJournal": journal,
            "LedgerPostingJournalDataAreaId": company if journal else "",
            "SourceKey": store.new_id(),
            "CreatedOn": stamp(now),
            "SysCreatedBy": "Admin",
        },
    )
    for leg in legs:
        _account_entry(session, company, entry, leg)
        if leg.vendor:
            _vendor_transaction(session, company, leg, voucher, journal)
    store.insert(
        "SubledgerVoucherGeneralJournalEntryBiEntities",
        {
            "RecordId": store.new_id(),
            "RecordVersion": 1,
            "SourceKey": store.new_id(),
            "Voucher": voucher,
            "VoucherDataAreaId": company,
            "GeneralJournalEntry": entry["SourceKey"],
            "AccountingDate": legs[0].day,
        },
    )
    return entry


def ledger_account(session: Session, company: str, leg: Leg) -> str:
    """The account as inquiries show it: in the order of its account structure, whatever the integration format is."""
    structure = structure_of(session, company, leg.where.account) or {}
    names = [structure.get(f"SegmentName{number:02d}") for number in range(2, 12)]
    return "-".join([leg.where.account, *(leg.where.values.get(name, "") for name in names if name)])


def _account_entry(session: Session, company: str, entry: Row, leg: Leg) -> None:
    account = main_account(session, company, leg.where.account) or {}
    session.store.insert(
        "GeneralJournalAccountEntryBiEntities",
        {
            "SourceKey": session.store.new_id(),
            "GeneralJournalEntry": entry["SourceKey"],
            "LedgerAccount": ledger_account(session, company, leg),
            "MainAccount": account.get("MainAccountRecId", 0),
            "PostingType": POSTING_TYPES[leg.kind],
            "TransactionCurrencyCode": leg.currency,
            "TransactionCurrencyAmount": leg.amount,
            "AccountingCurrencyAmount": leg.accounting,
            "ReportingCurrencyAmount": leg.reporting,
            "IsCredit": "Yes" if leg.amount < 0 else "No",
            "Text": leg.text,
            "PaymentReference": leg.reference,
            "_account": leg.where.account,
            "_company": company,
        },
    )


def _vendor_transaction(session: Session, company: str, leg: Leg, voucher: str, journal: str) -> Row:
    row = session.store.insert(
        "VendTransBiEntities",
        {
            "dataAreaId": company,
            "SysDataAreaId": company,
            "SourceKey": session.store.new_id(),
            "AccountNum": leg.vendor,
            "Invoice": leg.invoice,
            "Voucher": voucher,
            "JournalNum": journal,
            "TransType": "Vend" if leg.amount < 0 else "Payment",
            "TransDate": leg.day,
            "DocumentDate": leg.document_day or leg.day,
            "DocumentNum": leg.document,
            "DueDate": leg.due_day or leg.day,
            "CurrencyCode": leg.currency,
            "AmountCur": leg.amount,
            "AmountMST": leg.accounting,
            "ReportingCurrencyAmount": leg.reporting,
            "ExchRate": leg.rate or Decimal(100),
            "PostingProfile": "GEN",
            "Txt": leg.text,
            "Approved": "Yes",
            "CreatedOn": stamp(session.simulator.clock.now()),
        },
    )
    if leg.line.get("MarkedInvoice"):
        if (other := marked(session, leg.line)) is not None:
            settle(session, row, other)
    elif session.switches.automatic_settlement:
        settle(session, row)
    return row


def settle(session: Session, row: Row, only: Row | None = None) -> None:
    """Set a vendor's transaction off against the marked one, or the oldest open ones of the other side and the same
    currency."""
    table = session.store.table("VendTransBiEntities")
    for other in [only] if only else table.by("AccountNum", row["AccountNum"]):
        rest = money(row["AmountCur"]) - money(row.get("SettleAmountCur"))
        open_rest = money(other["AmountCur"]) - money(other.get("SettleAmountCur"))
        is_other_side = (rest > 0) != (open_rest > 0)
        same = (other["dataAreaId"], other["CurrencyCode"]) == (row["dataAreaId"], row["CurrencyCode"])
        if other is row or not rest or not open_rest or not is_other_side or not same:
            continue
        amount = min(abs(rest), abs(open_rest))
        for one, whole in ((row, rest), (other, open_rest)):
            settled = money(one.get("SettleAmountCur")) + (amount if whole > 0 else -amount)
            is_closed = settled == money(one["AmountCur"])
            share = settled / money(one["AmountCur"]) * money(one["AmountMST"])
            session.store.update(
                "VendTransBiEntities",
                one,
                {
                    "SettleAmountCur": settled,
                    "SettleAmountMST": share.quantize(Decimal("0.01")),
                    "Closed": row["TransDate"] if is_closed else UNSET_DAY,
                    "LastSettleVoucher": row["Voucher"],
                    "LastSettleDate": row["TransDate"],
                },
            )


def trial_balance(store: Store, company: str) -> dict[str, Decimal]:
    """Main account to balance in accounting currency, debit positive; accounts without movement are left out."""
    balances: dict[str, Decimal] = defaultdict(Decimal)
    for one in store.table("GeneralJournalAccountEntryBiEntities").rows.values():
        if one["_company"] == company:
            balances[one["_account"]] += one["AccountingCurrencyAmount"]
    return dict(sorted(balances.items()))


def vendor_balances(store: Store, company: str) -> dict[str, Decimal]:
    """Vendor account to what is owed, in accounting currency, as a positive number."""
    balances: dict[str, Decimal] = defaultdict(Decimal)
    for one in store.table("VendTransBiEntities").rows.values():
        if one["dataAreaId"] == company:
            balances[one["AccountNum"]] -= one["AmountMST"]
    return dict(sorted(balances.items()))
