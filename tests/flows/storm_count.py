"""What does the ledger hold after a storm? Counted in its own tables: by mark, by number, and to the cent."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.core.management import call_command

from audit.demo.counting import PARTNER
from audit.demo.dynamics_company import DynamicsCompany
from audit.demo.report import report_make
from audit.demo.zoho_company import ORGANISATION, ZohoCompany
from audit.models import AuditEvent, Posting, SyncRecord
from connectors.models import Tenant
from connectors.records import RecordKind

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from tests.flows.storm_time import Hurry

Company = ZohoCompany | DynamicsCompany

ZOHO_TABLES = ("journals", "bills", "vendor_credits", "payments", "expenses")
CARD_SPEND = (RecordKind.CARD_PURCHASE, RecordKind.CARD_REFUND)
BULK = re.compile(r"\bBulk (\d+)\b")


def counted(hurry: Hurry) -> dict[str, Any]:
    """Every figure of one company's storm; what must be empty is named, so that a reader sees it."""
    company, storm = hurry.company, hurry.storm
    report = report_make(company)
    ledger, seen = report.counted, list(company.held())
    marks = Counter(one.stamp for one in seen)
    documents = documents_of(company)
    bought = {found[1] for one in company.brex.store.records if (found := BULK.fullmatch(one["memo"] or ""))}
    held = Counter(number for one in documents for number in sorted(set(BULK.findall(one))))
    tenant = Tenant.objects.get(slug=company.slug)
    events = AuditEvent.objects.filter(tenant_id=tenant.pk, kind="posting.uncertain")
    uncertain = Posting.objects.filter(id__in=events.values("subject_id"))
    return {
        "ties": report.ties,
        "records": report.records,
        "documents": sum(row.in_ledger for row in ledger.rows),
        "lost": [*ledger.missing, *sorted(f"Bulk {one}" for one in bought - set(held))],
        "doubled": [
            *ledger.twice,
            *(mark for mark, number in marks.items() if number > 1),
            *(f"Bulk {one}" for one, number in held.items() if number > 1),
        ],
        "strangers": ledger.strangers,
        "different": ledger.different,
        "not_in_books": ledger.not_in_books,
        "open": ledger.open_postings,
        "without_a_mark": len(documents) - sum(one.type != PARTNER for one in seen),
        "unbalanced": unbalanced(company),
        "files_doubled": files_doubled(company),
        "left_open": left_open(company, tenant),
        "purchases": len(bought),
        "posted": tally(Posting.objects.filter(tenant=tenant, state="posted"), "document_type"),
        "records_are": tally(SyncRecord.objects.filter(tenant=tenant), "state"),
        "uncertain": uncertain.count(),
        "uncertain_are": tally(uncertain, "state"),
        "declared_absent": hurry.declared_absent,
        "problems": {one.code: f"{one.problems}: {one.example}" for one in report.problems},
        "writes": dict(storm.writes),
        "answers_lost": dict(storm.lost),
        "left_undone": dict(storm.undone),
        "done_late": dict(storm.late),
        "kills": len(storm.kills),
        "kills_of_whole_workers": sum(one.whole for one in storm.kills),
    }


def tally(rows: QuerySet[Any], name: str) -> dict[str, int]:
    return dict(Counter(rows.order_by().values_list(name, flat=True)))


def trail_is_as_sealed() -> bool:
    """As `manage.py verify_audit` says. Raises CommandError with what it found."""
    said = io.StringIO()
    call_command("verify_audit", stdout=said)
    return "The trail is as it was sealed" in said.getvalue()


def documents_of(company: Company) -> list[str]:
    """Each document that stands in the ledger, whoever made it, as one text with its lines."""
    if isinstance(company, ZohoCompany):
        tables = company.zoho.organisations[ORGANISATION].tables()
        return [str(row) for name in ZOHO_TABLES for row in tables[name]]
    state = company.fo.state()
    return [str(one) for name in ("journals", "pending_invoices") for one in state[name]]


def unbalanced(company: Company) -> dict[str, str]:
    """Companies whose books do not come to nothing, and by how much."""
    if isinstance(company, ZohoCompany):
        balances: Mapping[str, Mapping[str, Decimal]] = {
            ORGANISATION: company.zoho.organisations[ORGANISATION].ledger.balances()
        }
    else:
        balances = company.fo.state()["trial_balance"]
    sums = {name: sum(accounts.values(), Decimal(0)) for name, accounts in balances.items()}
    return {name: str(total) for name, total in sums.items() if total}


def files_doubled(company: Company) -> list[str]:
    """Files that hang twice on the same document; Dynamics takes none."""
    if not isinstance(company, ZohoCompany):
        return []
    files = Counter((one["_record_id"], one["file_name"]) for one in company.zoho.organisations[ORGANISATION].documents)
    return [f"{record} {name}" for (record, name), number in files.items() if number > 1]


def left_open(company: Company, tenant: Tenant) -> list[str]:
    """Payments of ours that are not applied whole, and bills and credits of card spend, whose money has moved, with
    something open (rule B33); Dynamics tells by its journals, which are counted as documents."""
    if not isinstance(company, ZohoCompany):
        return []
    tables = company.zoho.organisations[ORGANISATION].tables()
    kinds = dict(Posting.objects.filter(tenant=tenant).values_list("stamp", "record__kind"))
    settled: dict[str, Collection[str]] = {
        "bills": CARD_SPEND,
        "vendor_credits": CARD_SPEND,
        "payments": set(kinds.values()),
    }
    return [
        f"{name} {row['reference_number']} {row['balance']}"
        for name, ours in settled.items()
        for row in tables[name]
        if row["balance"] and kinds.get(row["reference_number"]) in ours
    ]
