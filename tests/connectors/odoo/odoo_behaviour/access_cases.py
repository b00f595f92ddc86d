"""Who sees and may do what: companies and groups?"""

from __future__ import annotations

from typing import Any

import pytest

from .entry_cases import refusal
from .target import EU, HIDDEN, US, US_BOOKS, Target, command, in_company

COOKIES = (
    "\n\nIf you really, really need access, perhaps you can win over your friendly administrator with a batch of "
    "freshly baked cookies."
)
SECRET = (
    "Uh-oh! Looks like you have stumbled upon some top-secret records.\n\nSorry, Integration Bot (id=5) doesn't have "
    f"'{{}}' access to:\n- {{}}{COOKIES}"
)
ELSEWHERE = (
    "\n\nThis seems to be a multi-company issue, you might be able to access the record by switching to the company: "
    "Acme US Inc."
)
CROSSOVER = (
    "Uh-oh! You\u2019ve got some company inconsistencies here:\n- “({}) a” belongs to company “Acme EU BV” while "
    "“Account” (account_id: 'Expenses') belongs to another company.\nTo avoid a mess, no company crossover is allowed!"
)


def rights(verb: str, model: str, *groups: str) -> str:
    listed = "\n".join(f"\t- {group}" for group in groups)
    return (
        f"You are not allowed to {verb} {model} records.\n\nThis operation is allowed for the following groups:\n"
        f"{listed}\n\nContact your administrator to request access if necessary."
    )


class AccessCases:
    def test_searches_see_the_companies_of_the_context_only(self, target: Target) -> None:
        ref = target.unique()
        target.entry(ref=ref)
        domain = [["ref", "=", ref]]
        assert len(target.call("account.move/search", domain=domain, context=in_company(EU))) == 1
        assert target.call("account.move/search", domain=domain, context=in_company(US)) == []
        assert len(target.call("account.move/search", domain=domain, context={})) == 1

    def test_companies_are_those_of_the_context_or_the_users(self, target: Target) -> None:
        def names(context: Any) -> list[str]:
            return [
                row["name"]
                for row in target.call("res.company/search_read", domain=[], fields=["name"], context=context)
            ]

        assert names(in_company(US)) == ["Acme US Inc"]
        assert names({"lang": "en_US"}) == ["Acme EU BV", "Acme US Inc"]

    @pytest.mark.parametrize(
        ("model", "id", "label", "hint"),
        [
            ("res.company", HIDDEN, "Companies (res.company)", ""),
            ("account.account", US_BOOKS.expense, "Account (account.account)", ELSEWHERE),
            ("account.journal", US_BOOKS.bills, "Journal (account.journal)", ELSEWHERE),
        ],
    )
    def test_a_record_of_another_company_is_forbidden(
        self, target: Target, model: str, id: int, label: str, hint: str
    ) -> None:
        error = refusal(target, f"{model}/read", ids=[id], fields=["name"], context=in_company(EU))
        assert (error.status, error.name, error.message) == (
            403,
            "odoo.exceptions.AccessError",
            SECRET.format("read", label) + hint,
        )

    def test_a_journal_of_another_company_is_forbidden(self, target: Target) -> None:
        vals = {"journal_id": US_BOOKS.general, "line_ids": []}
        error = refusal(target, "account.move/create", vals_list=[vals], context=in_company(EU))
        assert (error.status, error.message) == (403, SECRET.format("create", "Journal Entry (account.move)"))

    def test_an_account_of_another_company_is_a_crossover(self, target: Target) -> None:
        ref = target.unique()
        lines = [[0, 0, {"account_id": US_BOOKS.expense, "name": "a", "debit": 5}], command(94, -5)]
        vals = {"journal_id": 9, "ref": ref, "line_ids": lines}
        error = refusal(target, "account.move/create", vals_list=[vals])
        assert (error.status, error.message) == (422, CROSSOVER.format(ref))

    @pytest.mark.parametrize(
        ("user", "path", "arguments", "message"),
        [
            (
                "nobody",
                "account.move/create",
                {"vals_list": [{}]},
                rights("create", "'Journal Entry' (account.move)", "Accounting/Invoicing", "Purchase/User"),
            ),
            (
                "nobody",
                "account.payment/search",
                {"domain": []},
                rights(
                    "access",
                    "'Payments' (account.payment)",
                    "Accounting/Invoicing",
                    "Show Accounting Features - Readonly",
                ),
            ),
            (
                "nobody",
                "purchase.order/search",
                {"domain": []},
                rights(
                    "access",
                    "'Purchase Order' (purchase.order)",
                    "Accounting/Invoicing",
                    "Purchase/Administrator",
                    "Purchase/User",
                    "Role / Portal",
                    "Show Accounting Features - Readonly",
                ),
            ),
            (
                "billing",
                "res.partner/create",
                {"vals_list": [{"name": "x"}]},
                rights("create", "'Contact' (res.partner)", "Contact/Creation", "Purchase/Administrator"),
            ),
            (
                "billing",
                "account.analytic.plan/search",
                {"domain": []},
                rights(
                    "access",
                    "'Analytic Plans' (account.analytic.plan)",
                    "Analytic Accounting",
                    "Show Full Accounting Features",
                ),
            ),
            (
                "billing",
                "account.journal/create",
                {"vals_list": [{"name": "x", "code": "X", "type": "general"}]},
                rights("create", "'Journal' (account.journal)", "Accounting/Administrator"),
            ),
            (
                "integration",
                "ir.model.data/search",
                {"domain": []},
                rights("access", "'Model Data' (ir.model.data)", "Access Rights"),
            ),
        ],
    )
    def test_a_missing_right_names_the_groups_that_have_it(
        self, target: Target, user: str, path: str, arguments: dict[str, Any], message: str
    ) -> None:
        error = refusal(target, path, user=user, context={"lang": "en_US"}, **arguments)
        assert (error.status, error.name, error.message) == (403, "odoo.exceptions.AccessError", message)

    @pytest.mark.parametrize(
        ("user", "model", "operation", "allowed"),
        [
            ("integration", "account.move", "create", True),
            ("integration", "res.partner", "create", True),
            ("integration", "account.payment", "create", True),
            ("integration", "ir.attachment", "create", True),
            ("integration", "account.analytic.plan", "read", True),
            ("integration", "account.journal", "write", True),
            ("integration", "ir.model.data", "read", False),
            ("integration", "res.company", "write", False),
            ("billing", "account.move", "create", True),
            ("billing", "account.payment", "create", True),
            ("billing", "account.move", "unlink", True),
            ("billing", "res.partner", "create", False),
            ("billing", "account.account", "write", False),
            ("billing", "purchase.order", "create", False),
            ("nobody", "account.account", "read", True),
            ("nobody", "account.move", "read", False),
            ("nobody", "res.currency", "read", True),
            ("nobody", "account.journal", "read", False),
            ("admin", "res.company", "write", True),
            ("admin", "ir.model.data", "read", True),
        ],
    )
    def test_rights_can_be_asked_for(
        self, target: Target, user: str, model: str, operation: str, allowed: bool
    ) -> None:
        assert target.call(f"{model}/has_access", user=user, ids=[], operation=operation, context={}) is allowed

    def test_groups_can_be_asked_for(self, target: Target) -> None:
        groups = ("account.group_account_invoice", "base.group_partner_manager", "base.group_system", "x.y")
        asked = [target.call("res.users/has_group", ids=[5], group_ext_id=group) for group in groups]
        assert asked == [True, True, False, False]

    def test_invoicing_alone_creates_and_posts_an_entry(self, target: Target) -> None:
        lines = [command(US_BOOKS.expense, 5), command(US_BOOKS.card, -5)]
        vals = {"journal_id": US_BOOKS.general, "ref": target.unique(), "line_ids": lines}
        made = target.call("account.move/create", user="billing", vals_list=[vals], context=in_company(US))
        assert target.call("account.move/action_post", user="billing", ids=made, context=in_company(US)) is False
