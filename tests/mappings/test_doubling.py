"""Is a flow refused that would post, beside what runs, the same money a second time?"""

from __future__ import annotations

from typing import Any

import pytest

from connectors.documents import Role
from mappings.models import RoleAccount
from mappings.refusals import RefusedError
from mappings.services import (
    flow_dry_run,
    flow_switch_on,
    role_account_remove,
    role_account_set,
)
from tests.mappings.make import CARD, CASH, EXPENSES, RECORDS, House, ready, reasons_against
from tests.mappings.make import connection as connection_make


def test_x2_a_feed_for_an_account_whose_statements_the_ledger_imports_is_refused(house: House) -> None:
    ready(house)
    bank = house.value("account", "101401")
    role_account_set(
        ledger=house.odoo, company="1", role=Role.CASH, what_for="dpacc_1", account=bank, has_statements=True, by=None
    )
    assert "X2: the ledger imports the statements of 101401 Bank itself" in reasons_against(house.flow(CASH))
    flow_switch_on(house.flow(RECORDS), by=None)
    flow_switch_on(house.flow(CASH, "the other account", filter={"accounts": ["dpacc_2"]}), by=None)


def test_x3_card_purchases_that_another_source_posts_are_refused(house: House) -> None:
    ready(house)
    concur = connection_make(house.tenant, "sap_concur")
    reports = house.flow("reports", source=concur)
    role_account_remove(RoleAccount.objects.get(role=Role.CARDI), by=None)
    flow_switch_on(reports, by=None)
    assert "X3: reports already posts the purchases of these cards (201100 Credit Card" in reasons_against(
        house.flow(CARD)
    )
    limited = house.flow(CARD, "credits alone", filter={"kinds": ["chargeback", "card_payment"]})
    flow_switch_on(limited, by=None)


def test_x4_claims_at_approval_and_when_paid_together_are_refused(house: House) -> None:
    ready(house)
    flow_switch_on(house.flow(RECORDS), by=None)
    assert "X4: accounting_records posts reimbursements on accrual basis" in reasons_against(
        house.flow(EXPENSES, policies={"basis": "cash"})
    )


@pytest.mark.parametrize(
    ("first", "second", "is_refused"),
    [
        ({}, {}, True),
        ({"legal_entities": ["le_1"]}, {}, True),
        ({"legal_entities": ["le_1", "le_2"]}, {"legal_entities": ["le_2"]}, True),
        ({"legal_entities": ["le_1"]}, {"legal_entities": ["le_2"]}, False),
    ],
)
def test_x5_one_source_into_two_companies_needs_legal_entities(
    house: House, first: dict[str, Any], second: dict[str, Any], is_refused: bool
) -> None:
    ready(house)
    flow_switch_on(house.flow(CARD, filter=first), by=None)
    other = house.flow(CARD, "second company", company="2", filter=second)
    with pytest.raises(RefusedError) as caught:
        flow_switch_on(other, by=None)
    assert (
        any(reason.startswith("X5: card_transactions takes the same") for reason in caught.value.reasons) == is_refused
    )


def test_a_dry_run_needs_no_roles_but_never_posts_beside_another(house: House) -> None:
    assert flow_dry_run(house.flow(CARD), by=None).state == "dry_run"
    with pytest.raises(RefusedError, match="X5"):
        flow_dry_run(house.flow(CARD, "second", company="2"), by=None)


def test_nothing_of_another_tenant_stands_against_a_switch(house: House, neighbour: House) -> None:
    flow_switch_on(ready(neighbour).flow(RECORDS), by=None)
    flow_switch_on(ready(house).flow(RECORDS), by=None)
