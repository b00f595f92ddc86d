"""What is written line by line: accounts, dimensions, offsets, vouchers?"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from connectors.base import OutcomeState
from connectors.documents import Account, JournalEntry, Line, Partner, Role
from connectors.records import Side
from tests.connectors.dynamics365_fo.drafts import MEALS, RENT, credit, debit, lines_in, sent
from tests.connectors.dynamics365_fo.world import DynamicsWorld


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
