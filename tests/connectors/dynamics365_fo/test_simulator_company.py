"""Can the demo company of the simulated Brex be booked in the fresh environment of the simulated F&O?"""

from __future__ import annotations

import time
from datetime import date

import pytest

from connectors.brex.simulator import company as brex
from connectors.dynamics365_fo.simulator import DynamicsSimulator
from connectors.simulation import serve
from tests.connectors.dynamics365_fo.simulated import Environment

COMPANIES = {"USD": "usmf", "EUR": "demf"}


@pytest.fixture(scope="module")
def fo() -> Environment:
    return Environment()


def test_both_legal_entities_keep_their_books_in_their_currency(fo: Environment) -> None:
    names = {one["DataArea"].lower(): one["Name"] for one in fo.rows("Companies")}
    for _, name, _, currency in brex.LEGAL_ENTITIES:
        company = COMPANIES[currency]
        assert names[company] == name
        assert fo.get(f"Ledgers('{company.upper()}')")["AccountingCurrency"] == currency


def test_every_coded_account_is_in_the_chart_and_may_be_posted_to(fo: Environment) -> None:
    chart = {one["MainAccountId"]: one for one in fo.rows("MainAccounts", filter="ChartOfAccounts eq 'Shared'")}
    for code, name in brex.GL_ACCOUNTS:
        if code == brex.UNMAPPED_GL:
            assert code not in chart
            continue
        account = chart[code]
        told = (account["IsSuspended"], account["DoNotAllowManualEntry"], account["MainAccountType"] == "Total")
        assert told == ("No", "No", False), name


def test_every_cost_centre_is_a_value_of_a_dimension(fo: Environment) -> None:
    rows = fo.rows("FinancialDimensionValues", filter="FinancialDimension eq 'CostCenter'")
    values = {one["DimensionValue"]: one["Description"] for one in rows if one["IsSuspended"] == "No"}
    assert dict(brex.COST_CENTRES).items() <= values.items()


def test_every_vendor_that_bills_is_known_where_he_bills(fo: Environment) -> None:
    known = {(one["dataAreaId"], one["VendorOrganizationName"]) for one in fo.rows("VendorsV3")}
    company = {key: COMPANIES[currency] for key, _, _, currency in brex.LEGAL_ENTITIES}
    assert {(company[one[1]], one[0]) for one in brex.VENDORS} <= known
    assert brex.UNKNOWN_VENDOR not in {name for _, name in known}


@pytest.mark.parametrize("currency", brex.CARD_CURRENCIES)
def test_every_card_currency_has_a_rate_in_both_companies(currency: str) -> None:
    fo = Environment()
    for company in COMPANIES.values():
        header = fo.header(company)
        fo.line(header, CurrencyCode=currency, DebitAmount=10_000)
    assert [one["posted"] for one in fo.do("post_journals")] == [True, True]


def test_the_months_of_the_demo_are_open_and_the_one_before_can_be_closed() -> None:
    fo = Environment()
    today = date(2026, 3, 4)
    last = brex.locked_until(today)
    assert fo.do("close_through", day=last.isoformat()) == 24
    for day, is_posted in ((last, False), (brex.first_day(today), True), (today, True)):
        header = fo.header()
        fo.line(header, TransDate=f"{day}T12:00:00Z")
        (result,) = fo.do("post_journals", numbers=[header["JournalBatchNumber"]])
        assert result["posted"] is is_posted, day


def test_a_served_environment_posts_by_itself() -> None:
    simulator = DynamicsSimulator()
    simulator.switches.post_every_seconds = 0.05
    simulator.switches.job_journal_names = ["BrexJrn"]
    simulator.switches.job_posts_invoices = True
    journals = []
    with serve(simulator):
        for name in ("GenJrn", "BrexJrn"):
            values = {"dataAreaId": "usmf", "JournalName": name}
            header = simulator.control("create", {"set": "LedgerJournalHeaders", "values": values})
            journals.append(header["JournalBatchNumber"])
            line = {
                "dataAreaId": "usmf",
                "JournalBatchNumber": header["JournalBatchNumber"],
                "TransDate": f"{simulator.clock.now():%Y-%m-%d}T12:00:00Z",
                "AccountDisplayValue": "600000",
                "DebitAmount": 5,
                "CurrencyCode": "USD",
                "OffsetAccountDisplayValue": "201100",
            }
            simulator.control("create", {"set": "LedgerJournalLines", "values": line})
        deadline = time.monotonic() + 30
        while not simulator.control("trial_balance", {}) and time.monotonic() < deadline:
            time.sleep(0.05)
    states = {one["JournalBatchNumber"]: one["IsPosted"] for one in simulator.state()["journals"]}
    assert [states[one] for one in journals] == ["No", "Yes"]
