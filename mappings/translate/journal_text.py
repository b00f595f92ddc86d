"""How does an accountant read a document? One line per debit and credit, aligned, without our ids."""

from __future__ import annotations

from decimal import Decimal

from connectors.documents import Document, JournalEntry, Line, NewVendor, Payment, VendorBill
from connectors.money import exponent
from connectors.records import Side


def render_journal(document: Document) -> str:
    """The document as text: a heading with its days and rules, then account and role, debit, credit, cost centre,
    partner and text of each line. Company amounts stand in brackets where currencies differ. Ends with a newline."""
    if isinstance(document, NewVendor):
        details = " · ".join(part for part in (document.email, document.phone, document.tax_id) if part)
        return f"new vendor  {document.name}{f' · {details}' if details else ''}\n"
    lines = sorted(postings(document), key=lambda line: line.side is Side.CREDIT)
    rows = [_aligned("account", "debit", "credit", "cost centre", "partner", "text")]
    rows += [_row(line, document) for line in lines]
    return "\n".join((*_heading(document), *rows)) + "\n"


def _heading(document: JournalEntry | VendorBill | Payment) -> list[str]:
    currency = document.currency
    if currency != document.company_currency:
        currency = f"{currency} ({document.company_currency})"
    what = {"journal_entry": "entry", "vendor_bill": "bill", "payment": "payment"}[document.type]
    if isinstance(document, VendorBill):
        what = f"{'credit' if document.is_credit else 'bill'} {document.number}, due {document.due_on}"
    if isinstance(document, Payment) and document.is_refund:
        what = "payment back"
    heading = [f"{document.posting_date}  {what}  {currency}  [{' '.join(document.rules)}]"]
    if document.document_date != document.posting_date:
        heading.append(f"    dated {document.document_date}")
    if document.text:
        heading.append(f"    {document.text}")
    settles = getattr(document, "settles", ())
    if settles:
        heading.append(f"    settles {', '.join(settles)}")
    reverses = getattr(document, "reverses", "")
    if reverses:
        heading.append(f"    reverses {reverses}")
    return heading


def postings(document: JournalEntry | VendorBill | Payment) -> tuple[Line, ...]:
    """What the document books, line by line, the payable of a bill and both sides of a payment included.

    The company amounts of a payment are the ledger's own; here they are those of its amount where currencies agree,
    else zero."""
    if isinstance(document, JournalEntry):
        return document.lines
    if isinstance(document, Payment):
        company_amount = document.amount if document.currency == document.company_currency else Decimal(0)
        debit, credit = (document.payable, document.money)
        if document.is_refund:
            debit, credit = credit, debit
        return (
            Line(debit, Side.DEBIT, document.amount, company_amount, document.partner),
            Line(credit, Side.CREDIT, document.amount, company_amount, document.partner),
        )
    owed = sum((line.company_amount * (1 if line.side is Side.DEBIT else -1) for line in document.lines), Decimal(0))
    side = Side.DEBIT if document.is_credit else Side.CREDIT
    payable = Line(document.payable, side, document.total.amount, abs(owed), document.partner)
    return tuple(sorted((*document.lines, payable), key=lambda line: line.side is Side.CREDIT))


def _row(line: Line, document: JournalEntry | VendorBill | Payment) -> str:
    amount = f"{line.amount:.{exponent(document.currency)}f}"
    if document.currency != document.company_currency:
        amount += f" ({line.company_amount:.{exponent(document.company_currency)}f})"
        if isinstance(document, Payment):
            amount = amount.partition(" ")[0]
    return _aligned(
        f"{line.account.code or line.account.id} {line.account.role}",
        amount if line.side is Side.DEBIT else "",
        amount if line.side is Side.CREDIT else "",
        " ".join(dimension.code or dimension.id for dimension in line.dimensions),
        line.partner.name or line.partner.id if line.partner else "",
        "" if line.text == document.text else line.text,
    )


def _aligned(account: str, debit: str, credit: str, centre: str, partner: str, text: str) -> str:
    return f"    {account:<16}  {debit:>18}  {credit:>18}  {centre:<11}  {partner:<16}  {text}".rstrip()
