"""What is peculiar to Dynamics: two states, numbers, dimensions, texts, and faults that come as a success?"""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connectors.base import Outcome, OutcomeState, Outgoing
from connectors.documents import Account, Dimension, Document, JournalEntry, Line, Partner, Role
from connectors.dynamics365_fo.stamps import number_of
from connectors.records import Side
from tests.cases.ledger_cases import UNCLEAR, codes
from tests.connectors.dynamics365_fo.world import DynamicsWorld

MEALS = Account(Role.EXP, "605110", "605110")
RENT = Account(Role.EXP, "612000", "612000")


def line(account: Account, side: Side, amount: str, *dimensions: str, **parts: Any) -> Line:
    value = Decimal(amount)
    named = tuple(Dimension(one.partition("=")[0], one, one.partition("=")[2]) for one in dimensions)
    return Line(account, side, value, value, dimensions=named, **parts)


def debit(account: Account, amount: str, *dimensions: str, **parts: Any) -> Line:
    return line(account, Side.DEBIT, amount, *dimensions, **parts)


def credit(account: Account, amount: str, *dimensions: str, **parts: Any) -> Line:
    return line(account, Side.CREDIT, amount, *dimensions, **parts)


def sent(world: DynamicsWorld, document: Document) -> tuple[Outgoing, Outcome]:
    outgoing = world.outgoing(document)
    return outgoing, world.open().post(world.company, [outgoing])[0]


def lines_in(world: DynamicsWorld, outgoing: Outgoing) -> list[dict[str, Any]]:
    [number] = world.numbers(outgoing)
    _, name = world.sets(outgoing)
    return sorted(world.rows(name, JournalBatchNumber=number), key=lambda row: row["LineNumber"])


class StateCases:
    """Subclass it with a fixture `world`. A journal is created by us and posted by Dynamics."""

    def test_a_journal_is_created_and_posted_when_dynamics_posts_it(self, world: DynamicsWorld) -> None:
        world.job.is_on = False
        outgoing, created = sent(world, world.entry())
        assert (created.state, created.differences) == (OutcomeState.CREATED, ())
        assert created.number
        assert "have not come to it yet" in str(created.error)
        assert world.open().find(world.company, [outgoing])[0].state is OutcomeState.CREATED
        world.job.run()
        posted = world.open().find(world.company, [outgoing])[0]
        assert (posted.state, posted.differences, posted.error) == (OutcomeState.POSTED, (), None)
        assert (posted.ledger_id, posted.number) == (created.ledger_id, created.number)

    def test_what_keeps_it_from_being_posted_is_told(self, world: DynamicsWorld) -> None:
        world.job.is_on = False
        outgoing, _ = sent(world, world.entry())
        with world.locked(date(2026, 10, 31)):
            waiting = world.open().find(world.company, [outgoing])[0]
        assert waiting.state is OutcomeState.CREATED
        assert "closed or on hold" in str(waiting.error)

    def test_a_journal_name_with_workflow_says_so(self, world: DynamicsWorld) -> None:
        _, outcome = sent(world, world.entry(journal="GenAppr"))
        assert outcome.state is OutcomeState.CREATED
        assert "workflow" in str(outcome.error)

    def test_a_journal_that_a_person_deletes_is_absent(self, world: DynamicsWorld) -> None:
        world.job.is_on = False
        outgoing, created = sent(world, world.entry())
        world.do("delete_journal", number=created.number)
        assert world.open().find(world.company, [outgoing])[0].state is OutcomeState.ABSENT

    def test_a_line_that_a_person_takes_away_is_missed_and_not_put_back(self, world: DynamicsWorld) -> None:
        world.job.is_on = False
        lines = (debit(MEALS, "10.00"), debit(RENT, "5.00"), credit(world.card, "15.00"))
        outgoing, created = sent(world, world.entry(lines=lines))
        for left in (1, 0):
            world.do("remove", set="LedgerJournalLines", key=["usmf", created.number, Decimal(left + 1)])
            for answer in (world.open().find("usmf", [outgoing])[0], world.open().post("usmf", [outgoing])[0]):
                assert answer.state is OutcomeState.CREATED
                assert "document_altered" in codes(answer)
            assert len(world.rows("LedgerJournalLines", JournalBatchNumber=created.number)) == left

    def test_an_edit_before_posting_is_seen_before_and_after(self, world: DynamicsWorld) -> None:
        world.job.is_on = False
        outgoing, created = sent(world, world.entry())
        world.edit(created)
        before = world.open().find(world.company, [outgoing])[0]
        assert (before.state, codes(before)) == (OutcomeState.CREATED, {"document_altered"})
        world.job.run()
        after = world.open().find(world.company, [outgoing])[0]
        assert (after.state, codes(after)) == (OutcomeState.POSTED, {"document_altered"})

    def test_a_format_that_was_changed_since_stops_no_look(self, world: DynamicsWorld) -> None:
        world.job.is_on = False
        lines = (debit(MEALS, "10.00", "CostCenter=APO"), credit(world.card, "10.00"))
        outgoing, _ = sent(world, world.entry(lines=lines))
        other, _ = sent(world, world.entry())
        world.do("set_dimension_format", ledger=["MainAccount", "Department"])
        answers = world.open().find(world.company, [outgoing, other])
        assert [one.state for one in answers] == [OutcomeState.CREATED] * 2
        assert "cannot be compared" in answers[0].differences[0].message

    def test_lines_that_are_deleted_after_posting_leave_a_posted_journal(self, world: DynamicsWorld) -> None:
        outgoing, outcome = sent(world, world.entry(journal="GenGone"))
        assert (outcome.state, outcome.differences) == (OutcomeState.POSTED, ())
        assert world.open().find(world.company, [outgoing])[0] == outcome

    def test_our_documents_are_listed_before_and_after_they_are_posted(self, world: DynamicsWorld) -> None:
        world.job.is_on = False
        outgoing, _ = sent(world, world.entry())
        for state in ("draft", "posted"):
            listed = [one for page in world.open().list_stamped("usmf", None) for one in page]
            assert [one.state for one in listed if one.stamp == outgoing.stamp] == [state]
            world.job.run()


class DocumentCases:
    """What is written, line by line."""

    def test_a_split_purchase_is_a_line_for_each_cost_against_the_card(self, world: DynamicsWorld) -> None:
        lines = (
            debit(MEALS, "10.00", "BusinessUnit=001", "CostCenter=APO"),
            debit(RENT, "20.50", "Department=ENG"),
            debit(world.expense, "5.00"),
            credit(world.card, "35.50"),
        )
        outgoing, _ = world.posted(world.entry(lines=lines))
        rows = lines_in(world, outgoing)
        shown = [(row["AccountDisplayValue"], row["DebitAmount"], row["OffsetAccountDisplayValue"]) for row in rows]
        assert shown == [
            ("605110-001--APO", Decimal("10.00"), "201100---"),
            ("612000--ENG-", Decimal("20.50"), "201100---"),
            ("600000---", Decimal("5.00"), "201100---"),
        ]
        assert {row["TransDate"] for row in rows} == {"2026-10-12T12:00:00Z"}
        assert {row["Document"] for row in rows} == {outgoing.stamp}
        assert world.books(outgoing)["201100"] == Decimal("-35.50")

    def test_several_debits_and_credits_meet_in_full(self, world: DynamicsWorld) -> None:
        lines = (
            debit(MEALS, "60.00"), debit(RENT, "40.00"),
            credit(world.card, "30.00"), credit(world.money, "70.00"),
        )  # fmt: skip
        outgoing, _ = world.posted(world.entry(lines=lines))
        expected = {"605110": "60.00", "612000": "40.00", "201100": "-30.00", "101404": "-70.00"}
        assert world.books(outgoing) == {number: Decimal(amount) for number, amount in expected.items()}

    def test_a_refund_credits_the_same_cost(self, world: DynamicsWorld) -> None:
        outgoing, _ = world.posted(world.entry(lines=(credit(MEALS, "9.00"), debit(world.card, "9.00"))))
        [row] = lines_in(world, outgoing)
        assert (row["AccountDisplayValue"], row["CreditAmount"]) == ("605110---", Decimal("9.00"))
        assert row["OffsetAccountDisplayValue"] == "201100---"

    def test_a_reversal_mirrors_the_entry_and_stands_beside_it(self, world: DynamicsWorld) -> None:
        outgoing, posted = world.posted(world.entry())
        entry = outgoing.document
        assert isinstance(entry, JournalEntry)
        mirrored = replace(entry, lines=tuple(one.swapped() for one in entry.lines), reverses=outgoing.key)
        back, _ = world.posted(mirrored, key=f"{outgoing.key}:r")
        assert {number: -amount for number, amount in world.books(outgoing).items()} == world.books(back)
        assert world.open().find(world.company, [outgoing])[0] == posted

    def test_a_bill_of_several_lines_is_one_vendor_transaction(self, world: DynamicsWorld) -> None:
        lines = (
            debit(MEALS, "110.00", "CostCenter=OPS-01"),
            credit(MEALS, "10.00", "CostCenter=OPS-01"),
            debit(world.tax, "21.00"),
        )
        outgoing, outcome = world.posted(world.bill(lines=lines))
        [row] = world.rows("VendTransBiEntities", JournalNum=outcome.number)
        assert (row["AmountCur"], row["AccountNum"]) == (Decimal("-121.00"), world.vendor.id)
        assert (row["DueDate"][:10], row["DocumentNum"]) == ("2026-11-30", outgoing.stamp)
        assert len({one["Voucher"] for one in lines_in(world, outgoing)}) == 1
        assert world.books(outgoing)["605110"] == Decimal("100.00")

    def test_a_bill_of_one_line_has_its_cost_as_offset(self, world: DynamicsWorld) -> None:
        outgoing, _ = world.posted(world.bill(lines=(debit(MEALS, "12.00"),)))
        [row] = lines_in(world, outgoing)
        assert (row["AccountType"], row["Credit"], row["OffsetAccountDisplayValue"]) == (
            "Vend", Decimal("12.00"), "605110---",
        )  # fmt: skip

    def test_a_bank_account_is_named_as_one(self, world: DynamicsWorld) -> None:
        bank = Account(Role.CASH, "bank:USMF OPER", "USMF OPER")
        document = world.entry(lines=(debit(world.card, "900.00"), credit(bank, "900.00")))
        assert world.open().preflight("usmf", [document]) == [[]]
        outgoing, _ = world.posted(document)
        [row] = lines_in(world, outgoing)
        assert (row["OffsetAccountType"], row["OffsetAccountDisplayValue"]) == ("Bank", "USMF OPER")
        assert world.books(outgoing) == {"201100": Decimal(900), "101401": Decimal(-900)}

    def test_a_vendor_whose_number_holds_the_delimiter_is_escaped(self, world: DynamicsWorld) -> None:
        outgoing, _ = world.posted(world.bill(partner=Partner("US-101", "Fabrikam"), lines=(debit(MEALS, "12.00"),)))
        assert lines_in(world, outgoing)[0]["AccountDisplayValue"] == "US\\-101"

    @pytest.mark.parametrize("delimiter", ["Period", "DoubleHyphen", "DoubleTilde", "Bar"])
    def test_every_delimiter_is_read_and_written(self, world: DynamicsWorld, delimiter: str) -> None:
        world.do("set_dimension_format", delimiter=delimiter)
        lines = (debit(MEALS, "10.00", "CostCenter=OPS-01", "BusinessUnit=002"), credit(world.card, "10.00"))
        world.posted(world.entry(lines=lines))

    def test_another_order_of_dimensions_is_followed(self, world: DynamicsWorld) -> None:
        world.do("set_dimension_format", ledger=["CostCenter", "MainAccount", "Department", "BusinessUnit"])
        lines = (debit(MEALS, "10.00", "CostCenter=OPS-01", "BusinessUnit=002"), credit(world.card, "10.00"))
        outgoing, _ = world.posted(world.entry(lines=lines))
        assert lines_in(world, outgoing)[0]["AccountDisplayValue"] == "OPS\\-01-605110--002"

    def test_the_company_is_the_documents_own_and_not_the_users(self, world: DynamicsWorld) -> None:
        world.do("set_number_sequence", code="JournalBatchNumber", company="demf", user_changes=True)
        document = world.entry(company="demf", company_currency="EUR", currency="EUR", journal="GenJrn")
        outgoing = world.outgoing(document)
        outcome = world.open().post("demf", [outgoing])[0]
        assert (outcome.state, outcome.differences) == (OutcomeState.POSTED, ())
        [header] = world.rows("LedgerJournalHeaders", IntegrationKey=outgoing.stamp)
        assert header["dataAreaId"] == "demf"
        assert {row["dataAreaId"] for row in lines_in(world, outgoing)} == {"demf"}
        assert world.open().find("demf", [outgoing])[0] == outcome

    @pytest.mark.parametrize(
        ("lines", "code"),
        [
            ((debit(MEALS, "9.00", "CostCenter=OLD"),), "inactive_dimension"),
            ((debit(MEALS, "9.00", "CostCenter=Y2K"),), "inactive_dimension"),
            ((debit(MEALS, "9.00", "CostCenter=APO", "CostCenter=ZEU"),), "two_dimensions"),
            ((debit(MEALS, "9.00", "Project=1"),), "unknown_dimension"),
            ((debit(Account(Role.EXP, "606300"), "9.00"),), "inactive_account"),
            ((debit(Account(Role.EXP, "606400"), "9.00"),), "inactive_account"),
            ((debit(Account(Role.EXP, "612900"), "9.00"),), "inactive_account"),
            ((debit(Account(Role.EXP, "199999"), "9.00"),), "wrong_account_type"),
            ((debit(Account(Role.EXP, "SQ *COFFEE"), "9.00"),), "unknown_account"),
            ((debit(MEALS, "9.00", partner=Partner("V*")),), "unknown_partner"),
            ((debit(Account(Role.AP, "vendor"), "9.00"),), "missing_partner"),
            ((debit(Account(Role.AP, "vendor"), "9.00", partner=Partner("US-102")),), "inactive_partner"),
            ((debit(Account(Role.CASH, "bank:NOWHERE"), "9.00"),), "unknown_account"),
        ],
    )
    def test_what_dynamics_would_refuse_at_posting_is_seen_before(
        self, world: DynamicsWorld, lines: tuple[Line, ...], code: str
    ) -> None:
        document = world.entry(lines=(*lines, credit(world.card, "9.00")))
        assert {one.code for one in world.open().preflight("usmf", [document])[0]} == {code}
        outgoing, outcome = sent(world, document)
        assert outcome.state is OutcomeState.REJECTED
        assert outcome.error.cure == code  # type: ignore[union-attr]
        assert world.count(outgoing) == 0

    def test_what_no_line_can_carry_is_said_before(self, world: DynamicsWorld) -> None:
        value = Decimal("80.00")
        lines = (
            Line(world.card, Side.DEBIT, value, Decimal("100.00")),
            Line(world.money, Side.CREDIT, value, Decimal("98.00")),
            Line(world.exchange, Side.CREDIT, Decimal("0.00"), Decimal("2.00")),
        )
        document = world.entry(lines=lines, currency="EUR")
        assert {one.code for one in world.open().preflight("usmf", [document])[0]} == {"unsupported"}

    def test_rates_are_those_of_the_day_whichever_way_they_are_quoted(self, world: DynamicsWorld) -> None:
        world.do("set_rate", source="EUR", target="USD", day="2026-10-01", rate="130")
        world.do("set_rate", source="USD", target="CAD", day="2026-10-01", rate="1.6", factor="One")
        days = [
            ("EUR", date(2026, 9, 30)),
            ("EUR", date(2026, 10, 1)),
            ("CAD", date(2026, 10, 5)),
            ("USD", date(2026, 1, 1)),
        ]
        days += [("CAD", date(2026, 9, 30)), ("JPY", date(2026, 10, 1)), ("GBP", date(2026, 10, 1))]
        facts = world.open().facts("usmf", frozenset(days))
        told = ["1.25", "1.3", "0.625", "1", None, "0.0067", None]
        assert [facts.rates[day] for day in days] == [Decimal(one) if one else None for one in told]
        assert (facts.decimals["JPY"], facts.decimals["USD"], facts.fiscal_year_end) == (0, 2, (12, 31))

    def test_a_journal_name_of_another_kind_is_seen_before(self, world: DynamicsWorld) -> None:
        documents = [world.entry(journal="APInvoice"), world.bill(journal="GenJrn"), world.entry(journal="Nope")]
        found = [{one.code for one in some} for some in world.open().preflight("usmf", documents)]
        assert found == [{"wrong_journal_type"}, {"wrong_journal_type"}, {"unknown_journal"}]

    def test_a_journal_name_that_numbers_every_line_takes_no_bill_of_several(self, world: DynamicsWorld) -> None:
        world.do("edit", set="JournalNames", key=["usmf", "APInvoice"], changes={"NewVoucher": "Manually"})
        found = world.open().preflight("usmf", [world.bill(), world.bill(lines=(debit(MEALS, "1.00"),))])
        assert [{one.code for one in some} for some in found] == [{"journal_vouchers"}, set()]

    def test_a_period_closed_behind_an_open_one_is_seen(self, world: DynamicsWorld) -> None:
        world.do("set_period", day="2026-08-15", status="OnHold")
        world.do("set_period", day="2026-09-15", status="Open", Vend="None")
        documents = [world.entry(day=date(2026, 8, 20)), world.entry(day=date(2026, 9, 20))]
        documents += [world.bill(posting_date=date(2026, 9, 20)), world.entry(day=date(2040, 1, 1))]  # type: ignore[list-item]
        found = [{one.code for one in some} for some in world.open().preflight("usmf", documents)]
        assert found == [{"closed_period"}, set(), {"closed_period"}, {"closed_period"}]


class FaultCases:
    """Faults that look like answers."""

    def test_a_number_of_somebody_else_is_not_ours(self, world: DynamicsWorld) -> None:
        outgoing = world.outgoing(world.entry())
        values = {"dataAreaId": "usmf", "JournalName": "GenJrn", "JournalBatchNumber": number_of(outgoing.stamp)}
        world.do("create", set="LedgerJournalHeaders", values=values)
        outcome = world.open().post("usmf", [outgoing])[0]
        assert outcome.state is OutcomeState.REJECTED
        assert outcome.error.cure == "number_taken"  # type: ignore[union-attr]
        assert world.open().find("usmf", [outgoing])[0].state is OutcomeState.ABSENT

    def test_a_sequence_that_takes_no_numbers_is_named(self, world: DynamicsWorld) -> None:
        world.do("set_number_sequence", code="JournalBatchNumber", user_changes=False)
        outgoing, outcome = sent(world, world.entry())
        assert outcome.state is OutcomeState.REJECTED
        assert outcome.error.cure == "number_sequence"  # type: ignore[union-attr]
        assert "Number sequences" in str(outcome.error)
        assert world.count(outgoing) == 0

    @pytest.mark.parametrize("status", [400, 500])
    @pytest.mark.parametrize("language", ["en-us", "de"])
    def test_a_second_writing_is_told_whatever_status_and_language(
        self, world: DynamicsWorld, status: int, language: str
    ) -> None:
        world.do("set", write_error_status=status, language=language)
        outgoing, posted = world.posted(world.entry())
        assert world.open().post("usmf", [outgoing]) == [posted]
        assert world.count(outgoing) == 1

    @pytest.mark.parametrize("status", [400, 500])
    def test_a_refusal_by_business_logic_is_clear_whatever_its_status(self, world: DynamicsWorld, status: int) -> None:
        world.do("set", write_error_status=status)
        entry = world.entry()
        ledger = world.open()
        assert ledger.preflight("usmf", [entry]) == [[]]
        world.do("suspend_account", account="600000")  # after we looked
        outgoing = world.outgoing(entry)
        outcome = ledger.post("usmf", [outgoing])[0]
        assert outcome.state is OutcomeState.REJECTED
        assert outcome.error.cure == "inactive_account"  # type: ignore[union-attr]
        assert "stacktrace" not in str(outcome.error)
        assert world.count(outgoing) == 0

    def test_an_update_conflict_is_nobodys_fault(self, world: DynamicsWorld) -> None:
        world.do("set", line_conflict_rate=1.0)
        outgoing, outcome = sent(world, world.entry())
        assert outcome.state is OutcomeState.NOT_SENT
        world.do("set", line_conflict_rate=0.0)
        assert world.open().post("usmf", [outgoing])[0].state is OutcomeState.POSTED
        assert world.count(outgoing) == 1

    def test_a_batch_that_is_committed_late_is_found_later(self, world: DynamicsWorld) -> None:
        outgoing = world.outgoing(world.entry())
        ledger = world.open()
        ledger.preflight("usmf", [outgoing.document])
        world.simulator.fail("commit_late", "batch", delay=0.2)
        assert ledger.post("usmf", [outgoing])[0].state is OutcomeState.UNCERTAIN
        for thread in threading.enumerate():
            if isinstance(thread, threading.Timer):
                thread.join()
        world.job.run()
        assert world.open().find("usmf", [outgoing])[0].state is OutcomeState.POSTED
        assert world.count(outgoing) == 1

    def test_without_the_newest_set_of_vendors_the_older_one_is_used(self, world: DynamicsWorld) -> None:
        world.simulator.switches.missing_sets.append("VendorsV3")
        vendor = world.outgoing(world.new_vendor(email="a@example.com"))
        outcome = world.open().post("usmf", [vendor])[0]
        assert outcome.state is OutcomeState.POSTED, outcome
        world.posted(world.bill(partner=Partner(outcome.ledger_id)))
        offered = {one.external_id: one for one in world.open().reference("vendor", "usmf")}
        assert offered[outcome.ledger_id].facts["email"] == "a@example.com"

    def test_a_vendor_needs_a_group(self, world: DynamicsWorld) -> None:
        world.settings = world.settings.model_copy(update={"vendor_group": ""})
        assert {one.code for one in world.open().preflight("usmf", [world.new_vendor()])[0]} == {"missing_vendor_group"}
        _, outcome = sent(world, world.new_vendor())
        assert outcome.state is OutcomeState.REJECTED

    def test_an_environment_without_keys_in_journals_is_marked_in_the_description(self, world: DynamicsWorld) -> None:
        world.simulator.switches.missing_fields.append("LedgerJournalHeaders.IntegrationKey")
        outgoing, posted = world.posted(world.entry())
        assert world.open().find("usmf", [outgoing]) == [posted]
        assert world.open().post("usmf", [outgoing]) == [posted]
        listed = [one.stamp for page in world.open().list_stamped("usmf", None) for one in page]
        assert outgoing.stamp in listed
        assert world.count(outgoing) == 1

    def test_a_mark_that_a_person_removed_is_missed(self, world: DynamicsWorld) -> None:
        world.job.is_on = False
        outgoing, created = sent(world, world.entry())
        key = ["usmf", created.number]
        world.do("edit", set="LedgerJournalHeaders", key=key, changes={"IntegrationKey": ""})
        found = world.open().find("usmf", [outgoing])[0]
        assert (found.state, codes(found), found.ledger_id) == (
            OutcomeState.CREATED, {"document_altered"}, created.ledger_id,
        )  # fmt: skip

    def test_a_hundred_entries_cost_a_few_calls(self, world: DynamicsWorld) -> None:
        ledger = world.open()
        entries = [world.entry(f"{number}.00") for number in range(1, 101)]
        world.faults.calls.clear()
        ledger.facts("usmf", frozenset({("USD", date(2026, 10, 12))}))
        for start in range(0, len(entries), ledger.batch_size):
            some = [world.outgoing(one) for one in entries[start : start + ledger.batch_size]]
            assert ledger.preflight("usmf", [one.document for one in some]) == [[]] * len(some)
            assert {one.state for one in ledger.post("usmf", some)} == {OutcomeState.POSTED}
        assert len(world.faults.calls) <= 15, world.faults.calls


class PendingCases:
    """Bills as pending vendor invoices, which a person posts."""

    def test_a_bill_waits_and_is_known_again_when_it_is_posted(self, world: DynamicsWorld) -> None:
        lines = (debit(MEALS, "110.00", "CostCenter=APO"), credit(MEALS, "10.00", "CostCenter=APO"))
        outgoing, created = sent(world, world.bill(lines=(*lines, debit(world.tax, "21.00"))))
        assert (created.state, created.differences) == (OutcomeState.CREATED, ())
        again = world.open().post("usmf", [outgoing])[0]
        assert (again.state, again.ledger_id) == (created.state, created.ledger_id)
        [header] = world.rows("VendorInvoiceHeaders", DocumentNumber=outgoing.stamp)
        assert header["HeaderReference"] == created.number
        listed = {one.stamp: one for page in world.open().list_stamped("usmf", None) for one in page}
        assert (listed[outgoing.stamp].state, str(listed[outgoing.stamp].total)) == ("draft", "121.00 USD")
        told = world.do("post_invoices", references=[created.number])
        assert [one["posted"] for one in told] == [True], told
        booked = world.open().find("usmf", [outgoing])[0]
        assert (booked.state, booked.differences, booked.ledger_id) == (OutcomeState.POSTED, (), created.ledger_id)
        listed = {one.stamp: one for page in world.open().list_stamped("usmf", None) for one in page}
        assert listed[outgoing.stamp].state == "posted"

    @pytest.mark.parametrize("fault", UNCLEAR)
    @pytest.mark.parametrize("write", [0, 1])
    def test_a_lost_answer_leaves_one_invoice_with_all_its_lines(
        self, world: DynamicsWorld, write: int, fault: str
    ) -> None:
        world.posted(world.new_vendor())
        outgoing = world.outgoing(world.bill())
        world.faults.fail_write(write, fault)
        world.open().post("usmf", [outgoing])
        final = world.delivered(outgoing)
        assert (final.state, final.differences) == (OutcomeState.CREATED, ())
        [header] = world.rows("VendorInvoiceHeaders", DocumentNumber=outgoing.stamp)
        assert len(world.rows("VendorInvoiceLines", HeaderReference=header["HeaderReference"])) == 2

    def test_a_reference_that_the_server_replaces_is_followed(self, world: DynamicsWorld) -> None:
        world.do("set", header_reference="replace")
        outgoing, created = sent(world, world.bill())
        assert (created.state, created.differences) == (OutcomeState.CREATED, ())
        assert created.number != outgoing.stamp

    def test_a_credit_has_negative_amounts(self, world: DynamicsWorld) -> None:
        outgoing, created = sent(world, world.bill(is_credit=True))
        assert (created.state, created.differences) == (OutcomeState.CREATED, ())
        world.do("post_invoices", references=[created.number])
        assert world.open().find("usmf", [outgoing])[0].state is OutcomeState.POSTED

    def test_a_refused_line_leaves_no_header(self, world: DynamicsWorld) -> None:
        ledger, bill = world.open(), world.bill()
        assert ledger.preflight("usmf", [bill]) == [[]]
        world.do("suspend_account", account="600000")
        outgoing = world.outgoing(bill)
        assert ledger.post("usmf", [outgoing])[0].state is OutcomeState.REJECTED
        assert world.rows("VendorInvoiceHeaders", DocumentNumber=outgoing.stamp) == []

    def test_an_invoice_that_a_person_changes_is_seen(self, world: DynamicsWorld) -> None:
        outgoing, created = sent(world, world.bill())
        key = ["usmf", created.number]
        world.do("edit", set="VendorInvoiceHeaders", key=key, changes={"InvoiceNumber": "OTHER"})
        assert codes(world.open().find("usmf", [outgoing])[0]) == {"document_altered"}

    def test_the_same_number_again_is_held_and_no_journal_name_is_asked_for(self, world: DynamicsWorld) -> None:
        outgoing, _ = sent(world, world.bill())
        number = outgoing.document.number  # type: ignore[union-attr]
        found = world.open().preflight("usmf", [world.bill(number=number), world.bill(journal="Nope")])
        assert [{one.code for one in some} for some in found] == [{"duplicate_reference"}, set()]


class HalfDoneCases:
    """Under the numbers of Dynamics a header can stand without its lines."""

    @pytest.mark.parametrize("fault", ["drop", "commit_then_drop"])
    def test_lines_that_miss_are_completed(self, world: DynamicsWorld, fault: str) -> None:
        world.job.is_on = False
        outgoing = world.outgoing(world.entry())
        world.faults.fail_write(1, fault)
        assert world.open().post("usmf", [outgoing])[0].state is OutcomeState.UNCERTAIN
        created = world.open().find("usmf", [outgoing])[0]
        assert (created.state, created.differences) == (OutcomeState.CREATED, ())
        assert len(lines_in(world, outgoing)) == 1
        world.job.run()
        assert world.open().find("usmf", [outgoing])[0].state is OutcomeState.POSTED
        assert world.count(outgoing) == 1

    def test_a_header_whose_lines_are_refused_is_removed(self, world: DynamicsWorld) -> None:
        ledger = world.open()
        entry = world.entry()
        assert ledger.preflight("usmf", [entry]) == [[]]
        world.do("suspend_account", account="600000")
        outgoing = world.outgoing(entry)
        outcome = ledger.post("usmf", [outgoing])[0]
        assert outcome.state is OutcomeState.REJECTED
        assert outcome.error.cure == "inactive_account"  # type: ignore[union-attr]
        assert world.count(outgoing) == 0
