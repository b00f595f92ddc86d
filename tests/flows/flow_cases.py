"""What must become of a company's spend, in a simulated Odoo and in a real one alike? Counted in Odoo itself."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.core.management import call_command

from audit.models import LaneKind, Posting, PostingState, Problem, SyncRecord
from audit.sync.lanes import lanes_wake
from mappings.setup import setups_forget
from tests.audit.mortal import wait, worker_start
from tests.audit.scene import time_passes, work
from tests.flows.stage import COMPANIES, Books, Stage, record_of, stage

KILLED = -9
LISTS = ("accounts", "cost_centres")
MUST_POST = {
    ("accounting_records", "journal_entry"),
    ("accounting_records", "vendor_bill"),
    ("accounting_records", "payment"),
    ("cash_transactions", "journal_entry"),
    ("card_transactions", "journal_entry"),
    ("expenses", "vendor_bill"),
    ("expenses", "payment"),
    ("vendors", "new_vendor"),
}
VENDORS: tuple[dict[str, Any], ...] = (
    {
        "name": "vendors", "source": "Brex", "stream": "vendors", "ledger": "Odoo", "company": "1",
        "document": "vendor", "policies": {"vendor": "create"}, "state": "on",
    },
    {
        "name": "vendors back", "source": "Odoo", "stream": "vendors", "ledger": "Brex", "company": "1",
        "document": "reference", "state": "on",
    },
)  # fmt: skip


def assert_once(made: Stage) -> None:
    """Each document of ours once in Odoo, in the books, with our amount, and nothing of this run besides."""
    counted = made.counted()
    assert counted.ties, counted.as_dict()
    held = made.held()
    assert set(held.values()) == {1}
    stamps = Posting.objects.filter(tenant=made.tenant, state=PostingState.POSTED).values_list("stamp", flat=True)
    # A vendor that is known by name alone is the same in every run.
    assert {one for one in stamps if record_of(one) != "name"} == {stamp for _, stamp in held}


def drafts(made: Stage) -> int:
    """Documents of this run that lie in Odoo as drafts."""
    ids = {str(one["id"]) for store in made.brex.store.stores().values() for one in store if "id" in one}
    found = 0
    for company in COMPANIES.values():
        domain = [["state", "=", "draft"], ["invoice_origin", "like", "brex:"], ["company_id", "=", int(company)]]
        rows = made.books.admin.call(
            "account.move", "search_read", company=company, domain=domain, fields=["invoice_origin"]
        )
        found += sum(record_of(row["invoice_origin"]) in ids for row in rows)
    return found


def lists(made: Stage) -> dict[str, list[tuple[str, bool]]]:
    """The values of our fields as Brex shows them, by field."""
    return {
        str(one["name"]): sorted(
            (str(v["value"]), bool(v["is_disabled"])) for v in made.brex.store.values_of(one["id"])
        )
        for one in made.brex.store.fields
    }


class FlowCases:
    """Subclass it with a fixture `books`."""

    def test_every_flow_posts_each_record_once_and_running_again_adds_nothing(self, books: Books) -> None:
        with stage(books) as made:
            tallies = made.sync()
            assert_once(made)
            assert [name for name, tally in tallies.items() if not tally.ties] == []
            posted = Posting.objects.filter(tenant=made.tenant, state=PostingState.POSTED)
            assert set(posted.values_list("record__stream", "document_type")) >= MUST_POST
            assert set(posted.values_list("company", flat=True)) == set(COMPANIES.values())
            altered = Problem.objects.filter(tenant=made.tenant, state="open", code="document_altered")
            assert [one.message for one in altered] == []
            assert not SyncRecord.objects.filter(tenant=made.tenant, state="failed").exists()
            told = [one for one in made.brex.store.records if one["review_status"] == "EXPORTED"]
            of_records = posted.filter(record__stream="accounting_records").values_list(
                "record__external_id", flat=True
            )
            assert {one["id"] for one in told} >= set(of_records)
            held, shown, states = made.held(), lists(made), made.states()
            assert any("Expenses" in value for value, _ in shown["GL account"])
            assert any("Project Apollo" in value for value, _ in shown["Cost centre"])
            made.sync()
            assert (made.held(), lists(made), made.states()) == (held, shown, states)
            assert_once(made)

    def test_an_empty_installation_adopts_what_is_posted(self, books: Books) -> None:
        with stage(books, records=40) as made:
            made.sync()
            assert_once(made)
            held, states = made.held(), made.states()
            assert states["accounting_records", "posted", ""] > 0
            call_command("flush", interactive=False, verbosity=0, inhibit_post_migrate=False)
            assert not Posting.objects.exists()
            setups_forget()  # ids are counted anew, as in another process
            made.apply()
            made.sync()
            assert made.held() == held
            assert made.states() == states
            assert_once(made)
            assert set(Posting.objects.filter(tenant=made.tenant).values_list("attempts", flat=True)) == {0}

    def test_a_worker_killed_between_load_and_post_leaves_each_document_once(self, books: Books) -> None:
        with stage(books, records=40) as made:
            for name in ("Odoo", "Brex"):
                work(made, name, LaneKind.READ)  # type: ignore[arg-type]
            connection = made.connection("Odoo").pk
            for _ in range(3):  # the first batch may hold vendors only
                lanes_wake(connection, LaneKind.POST)
                assert wait(worker_start("between load and post", connection, [LaneKind.POST.value])) == KILLED
                if left := drafts(made):
                    break
                time_passes()
            assert left > 0
            time_passes()
            made.sync()
            assert drafts(made) == 0
            assert_once(made)
            assert set(Posting.objects.values_list("record__stream", "document_type")) >= MUST_POST - {
                ("expenses", "vendor_bill"),
                ("expenses", "payment"),
            }

    def test_vendors_go_both_ways_once(self, books: Books) -> None:
        with stage(books, records=40, flows=VENDORS) as made:
            here, there = f"Lieferant {made.word}", f"Atelier {made.word}"
            values = {"name": here, "supplier_rank": 1, "email": f"{made.word}@lieferant.test"}
            books.admin.call("res.partner", "create", company="1", writes=True, vals_list=[values])
            for _ in range(2):
                made.sync("vendors")
                domain = [["name", "in", [here, there]]]
                rows = books.admin.call(
                    "res.partner", "search_read", company="1", domain=domain, fields=["name"], order="name"
                )
                assert [row["name"] for row in rows] == [there, here]
                names = Counter(str(one["company_name"]) for one in made.brex.store.vendors)
                assert (names[here], names[there]) == (1, 1)
