"""How do vendor bills come about: totals, taxes, the payable line, dates, refusals?"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from .entry_cases import refusal
from .target import EU_BOOKS, USD, Target

D = Decimal
B = EU_BOOKS
JPY = 25


class BillCases:
    def test_a_taxed_bill_has_a_tax_line_and_a_payable_line(self, target: Target) -> None:
        vendor, ref = target.vendor(), target.unique()
        line = {
            "name": "Paper",
            "quantity": 2,
            "price_unit": 50.0,
            "account_id": B.expense,
            "tax_ids": [[6, 0, [B.purchase_tax]]],
            "analytic_distribution": {"1": 100},
        }
        bill = target.bill(vendor=vendor, ref=ref, invoice_line_ids=[[0, 0, line]])
        target.post_moves(bill)
        fields = (
            "amount_untaxed",
            "amount_tax",
            "amount_total",
            "amount_total_signed",
            "amount_residual",
            "amount_residual_signed",
            "payment_state",
            "invoice_date_due",
            "name",
        )
        row = target.move(bill, *fields)
        assert [row[name] for name in fields[:6]] == [D(100), D(15), D(115), D(-115), D(115), D(-115)]
        assert row["payment_state"] == "not_paid"
        assert row["name"].startswith("BILL/2026/11/")
        names = ("account_id", "debit", "credit", "display_type", "name", "date_maturity", "partner_id", "tax_line_id")
        rows = [tuple(line[name] for name in names) for line in target.lines(bill, *names)]
        assert rows == [
            (B.expense, D(100), D(0), "product", "Paper", False, vendor, False),
            (B.tax_paid, D(15), D(0), "tax", "15%", False, vendor, B.purchase_tax),
            (B.payable, D(0), D(115), "payment_term", ref, row["invoice_date_due"], vendor, False),
        ]

    def test_a_credit_note_is_the_other_way_round(self, target: Target) -> None:
        refund = target.posted_bill(30, move_type="in_refund")
        row = target.move(refund, "amount_total", "amount_total_signed", "name")
        assert (row["amount_total"], row["amount_total_signed"]) == (D(30), D(30))
        assert row["name"].startswith("RBILL/2026/11/")
        assert [(line["debit"], line["credit"]) for line in target.lines(refund)] == [(D(0), D(30)), (D(30), D(0))]

    def test_a_subtotal_is_rounded_and_the_price_is_not(self, target: Target) -> None:
        line = {
            "name": "x",
            "quantity": 3,
            "price_unit": 33.335,
            "account_id": B.expense,
            "tax_ids": [[6, 0, [B.purchase_tax]]],
        }
        row = target.move(target.bill(invoice_line_ids=[[0, 0, line]]), "amount_untaxed", "amount_tax", "amount_total")
        assert (row["amount_untaxed"], row["amount_tax"], row["amount_total"]) == (D("100.01"), D(15), D("115.01"))

    def test_without_account_the_journals_default_is_taken_and_no_tax(self, target: Target) -> None:
        bill = target.bill(invoice_line_ids=[[0, 0, {"name": "x", "price_unit": 5}]])
        assert target.lines(bill, "account_id", "tax_ids", "display_type")[0]["account_id"] == B.expense
        assert target.move(bill, "amount_tax")["amount_tax"] == 0

    @pytest.mark.parametrize(
        ("invoice_date", "booked"),
        [
            ("2026-10-20", "2026-10-31"),
            ("2026-11-05", "today"),
            ("2027-12-05", "2027-12-05"),
            ("2025-12-05", "2025-12-31"),
        ],
    )
    def test_without_a_date_it_is_booked_where_odoo_thinks_right(
        self, target: Target, invoice_date: str, booked: str
    ) -> None:
        row = target.move(target.bill(invoice_date=invoice_date, date=None), "date", "write_date", "invoice_date")
        assert row["date"] == (row["write_date"][:10] if booked == "today" else booked)
        assert row["invoice_date"] == invoice_date

    def test_an_empty_date_is_refused(self, target: Target) -> None:
        error = refusal(target, "account.move/create", vals_list=[{"journal_id": B.general, "date": False}])
        assert error.message == (
            "The operation cannot be completed: Missing required value for the field 'Date' (date).\n"
            "Model: 'Journal Entry' (account.move)\n- create/update: a mandatory field is not set\n"
            "- delete: another model requires the record being deleted, you can archive it instead\n"
        )

    def test_with_a_date_it_is_booked_there(self, target: Target) -> None:
        row = target.move(target.posted_bill(invoice_date="2026-10-20", date="2026-10-20"), "date")
        assert row["date"] == "2026-10-20"

    def test_the_due_date_is_today_unless_sent(self, target: Target) -> None:
        row = target.move(target.bill(invoice_date="2026-10-20", date="2026-10-20"), "invoice_date_due", "write_date")
        assert row["invoice_date_due"] == row["write_date"][:10]
        bill = target.bill(invoice_date_due="2026-12-24")
        assert target.move(bill, "invoice_date_due")["invoice_date_due"] == "2026-12-24"
        assert target.lines(bill, "date_maturity")[-1]["date_maturity"] == "2026-12-24"

    @pytest.mark.parametrize(
        ("vals", "message"),
        [
            ({"invoice_date": False}, "The Bill/Refund date is required to validate this document."),
            ({"partner_id": False}, "The field 'Vendor' is required, please complete it to validate the Vendor Bill."),
            (
                {"amount": -5},
                (
                    "You cannot validate an invoice with a negative total amount. You should create a credit note "
                    "instead. Use the action menu to transform it into a credit note or refund."
                ),
            ),
            ({"currency_id": JPY}, "You cannot validate a document with an inactive currency: JPY"),
        ],
    )
    def test_it_refuses_to_post(self, target: Target, vals: dict[str, Any], message: str) -> None:
        bill = target.bill(**vals)
        error = refusal(target, "account.move/action_post", ids=[bill])
        assert (error.status, error.message) == (422, message)

    def test_the_same_vendor_reference_is_accepted_twice_even_in_one_batch(self, target: Target) -> None:
        vendor, ref = target.vendor(), target.unique()
        first, second = (target.bill(vendor=vendor, ref=ref) for _ in range(2))
        target.post_moves(first, second)
        assert [target.move(one, "state")["state"] for one in (first, second)] == ["posted", "posted"]
        assert target.move(first, "duplicated_ref_ids")["duplicated_ref_ids"] == [second]

    def test_posting_a_bill_raises_its_vendors_rank_and_write_date(self, target: Target) -> None:
        vendor = target.vendor()
        [before] = target.call("res.partner/read", ids=[vendor], fields=["supplier_rank"])
        bill = target.posted_bill(vendor=vendor)
        [after] = target.call("res.partner/read", ids=[vendor], fields=["supplier_rank", "write_date"])
        assert after["supplier_rank"] == before["supplier_rank"] + 1
        # A ranked vendor is counted in a transaction of its own, after the posting's commit.
        assert after["write_date"] >= target.move(bill, "write_date")["write_date"]

    def test_a_used_vendor_is_not_deleted(self, target: Target) -> None:
        vendor = target.vendor()
        target.posted_bill(vendor=vendor)
        error = refusal(target, "res.partner/unlink", ids=[vendor])
        assert error.message == "The partner cannot be deleted because it is used in Accounting"

    def test_a_vendor_has_a_bank_account_once(self, target: Target) -> None:
        vendor = target.vendor()
        target.call("res.partner.bank/create", vals_list=[{"acc_number": "DE 12 34", "partner_id": vendor}])
        error = refusal(target, "res.partner.bank/create", vals_list=[{"acc_number": "DE1234", "partner_id": vendor}])
        assert error.message == (
            "The operation cannot be completed: The combination Account Number/Partner must be unique."
        )

    def test_an_archived_vendor_is_accepted(self, target: Target) -> None:
        vendor = target.vendor()
        target.call("res.partner/write", ids=[vendor], vals={"active": False})
        assert target.move(target.posted_bill(vendor=vendor), "state")["state"] == "posted"

    def test_a_changed_draft_is_computed_anew(self, target: Target) -> None:
        bill = target.bill(100, taxes=[B.purchase_tax])
        line = target.move(bill, "invoice_line_ids")["invoice_line_ids"][0]
        change = [[1, line, {"price_unit": 200}], [0, 0, {"name": "y", "price_unit": 1, "tax_ids": [[6, 0, []]]}]]
        target.call("account.move/write", ids=[bill], vals={"invoice_line_ids": change})
        row = target.move(bill, "amount_untaxed", "amount_tax", "amount_total")
        assert (row["amount_untaxed"], row["amount_tax"], row["amount_total"]) == (D(201), D(30), D(231))
        assert sum(line["credit"] for line in target.lines(bill)) == D(231)

    def test_dollars_are_converted_at_one_to_one_where_there_is_no_rate(self, target: Target) -> None:
        bill = target.posted_bill(80, currency_id=USD)
        row = target.move(bill, "amount_total", "amount_total_signed", "invoice_currency_rate")
        assert (row["amount_total"], row["amount_total_signed"], row["invoice_currency_rate"]) == (D(80), D(-80), D(1))

    def test_a_file_is_attached_to_a_posted_bill_without_touching_it(self, target: Target) -> None:
        bill = target.posted_bill()
        before = target.move(bill, "write_date")["write_date"]
        vals = {"name": "receipt.pdf", "res_model": "account.move", "res_id": bill, "datas": "aGVsbG8gd29ybGQ="}
        [file] = target.call("ir.attachment/create", vals_list=[vals])
        [row] = target.call(
            "ir.attachment/read", ids=[file], fields=["mimetype", "file_size", "checksum", "datas", "res_id"]
        )
        assert row == {
            "id": file,
            "mimetype": "application/pdf",
            "file_size": 11,
            "datas": vals["datas"],
            "res_id": bill,
            "checksum": "2aae6c35c94fcfb415dbe95f408b9ce91ee846ed",
        }
        after = target.move(bill, "write_date", "attachment_ids")
        assert (after["write_date"], after["attachment_ids"]) == (before, [file])
        found = target.call("ir.attachment/search", domain=[["res_model", "=", "account.move"], ["res_id", "=", bill]])
        assert found == [file]

    def test_a_file_for_nothing_is_forbidden(self, target: Target) -> None:
        vals = {"name": "x", "res_model": "account.move", "res_id": 999999, "datas": "eA=="}
        error = refusal(target, "ir.attachment/create", vals_list=[vals])
        assert (error.status, error.message) == (403, "Sorry, you are not allowed to access this document.")
