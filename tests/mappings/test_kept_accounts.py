"""Does anybody book on an account that the ledger keeps for itself, such as the bank's suspense account?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.base import KEPT_FOR
from connectors.documents import Role
from mappings.models import ReferenceValue
from mappings.offers import offer_for, offered
from mappings.refusals import RefusedError
from mappings.services import role_account_set
from mappings.setup import setup_load
from tests.mappings.make import House, accounts

CODE = "131000"


@pytest.fixture
def kept(house: House) -> House:
    """An asset account, whose type alone would make it fit for costs."""
    rows = [
        replace(one, facts={**one.facts, KEPT_FOR: "bank suspense"}) if one.code == CODE else one for one in accounts()
    ]
    house.refresh("account", rows)
    return house


def test_no_rule_leads_there(kept: House) -> None:
    with pytest.raises(RefusedError, match="bank suspense"):
        kept.rule({"category": "travel"}, CODE)


def test_it_is_not_offered(kept: House) -> None:
    flow = kept.flow("card_transactions")
    codes = offered(ReferenceValue.objects.all(), offer_for(kinds={"account"}, flow=flow)).values_list(
        "code", flat=True
    )
    assert CODE not in codes
    assert "612000" in codes


def test_a_line_that_arrives_coded_so_finds_no_account_unless_it_plays_a_role(kept: House) -> None:
    flow = kept.flow("card_transactions")
    assert CODE not in setup_load(flow).accounts_by_code
    role_account_set(ledger=kept.odoo, company="1", role=Role.TAX, account=kept.value("account", CODE), by=None)
    assert setup_load(flow).accounts_by_code[CODE].role is Role.TAX
