"""Which flow gets a record, who owns its money, and is a doubtful record ever posted?"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from connectors.records import Family, RecordKind, VendorRecord
from mappings.flow_settings import FlowFilter
from mappings.routing import FlowView, Owners, OwnerView, Routed, Unrouted, WitnessOf, route
from tests.mappings.make import record

BREX, ODOO = 10, 20
FEED, RECORDS, OTHER = 1, 2, 3
DAY = date(2026, 2, 3)


def flow(id: int = FEED, stream: str = "card_transactions", **parts: Any) -> FlowView:
    fields: dict[str, Any] = {
        "name": f"flow {id}",
        "source_id": BREX,
        "takes": FlowFilter(),
        "ledger_id": ODOO,
        "company": "1",
        "document": "spend",
        "state": "on",
    }
    return FlowView(id=id, stream=stream, **(fields | parts))


def owners(*rows: tuple[int | None, date | None], family: Family = Family.CARD_SPEND, state: str = "on") -> Owners:
    names = {FEED: "card_transactions", RECORDS: "accounting_records"}
    return Owners.of(
        ((BREX, ODOO, "1", family), OwnerView(id, since, f"flow {id}", state, names.get(id or 0, "")))
        for id, since in rows
    )


def test_the_owner_posts() -> None:
    assert route(record(), [flow()], owners((FEED, None))) == Routed(FEED)


def test_a_stream_that_does_not_own_the_family_is_a_witness() -> None:
    answer = route(record(), [flow()], owners((RECORDS, None)))
    assert answer == WitnessOf(FEED, RECORDS, "accounting_records", "flow 2 owns family F1 on 2026-02-03.")


def test_what_the_ledger_keeps_itself_is_witnessed() -> None:
    answer = route(record(), [flow()], owners((None, None)))
    assert isinstance(answer, WitnessOf)
    assert answer.owner_flow_id is None


@pytest.mark.parametrize(
    ("day", "owner"), [(date(2026, 2, 2), RECORDS), (DAY, FEED), (date(2026, 2, 4), FEED)], ids=str
)
def test_an_owner_changes_at_a_posting_date_and_no_day_is_owned_twice(day: date, owner: int) -> None:
    changed = owners((RECORDS, None), (FEED, DAY))
    answers = [
        route(record(posting_moment=day), [flow()], changed),
        route(record("accounting_records", posting_moment=day), [flow(RECORDS, "accounting_records")], changed),
    ]
    assert [isinstance(answer, Routed) for answer in answers] == [owner == FEED, owner == RECORDS]


def test_the_posting_day_is_a_day_of_the_company() -> None:
    evening = datetime(2026, 2, 3, 3, 30, tzinfo=UTC)  # still the 2nd in New York
    answer = route(
        record(posting_moment=evening), [flow(time_zone="America/New_York")], owners((RECORDS, None), (FEED, DAY))
    )
    assert isinstance(answer, WitnessOf)


def test_a_flow_that_posts_by_the_day_incurred_is_owned_by_that_day() -> None:
    incurred = flow(posting_day="incurred")
    answer = route(record(document_moment=date(2026, 2, 2)), [incurred], owners((RECORDS, None), (FEED, DAY)))
    assert isinstance(answer, WitnessOf)


@pytest.mark.parametrize(
    ("flows", "rows", "reason"),
    [
        pytest.param([], (FEED, None), "No flow takes the stream", id="no flow"),
        pytest.param([flow(stream="expenses")], (FEED, None), "No flow takes the stream", id="another stream's flow"),
        pytest.param([flow(state="off")], (FEED, None), "is switched off", id="the flow is off"),
        pytest.param([flow(state="archived")], (FEED, None), "No flow takes the stream", id="the flow is archived"),
        pytest.param([flow()], (RECORDS, date(2026, 3, 1)), "Nobody owns family F1", id="the owner begins later"),
        pytest.param(
            [flow(takes=FlowFilter(legal_entities=("le_2",)))], (FEED, None), "without legal entity", id="no entity"
        ),
        pytest.param([flow(), flow(OTHER, company="2")], (FEED, None), "different companies", id="two companies"),
    ],
)
def test_a_record_in_doubt_is_not_posted(flows: list[FlowView], rows: tuple[int, date | None], reason: str) -> None:
    answer = route(record(), flows, owners(rows))
    assert isinstance(answer, Unrouted)
    assert reason in answer.reason


@pytest.mark.parametrize(
    ("owners_state", "own_state", "why"),
    [("off", "on", "is switched off"), ("dry_run", "on", "only tries out"), ("off", "dry_run", "is switched off")],
)
def test_money_of_an_owner_that_does_not_post_is_not_hidden_as_a_witness(
    owners_state: str, own_state: str, why: str
) -> None:
    answer = route(record(), [flow(state=own_state)], owners((RECORDS, None), state=owners_state))
    assert answer == Unrouted(f"flow 2 owns family F1 on 2026-02-03, but {why}.", FEED)


def test_two_flows_that_try_out_show_who_would_witness() -> None:
    answer = route(record(), [flow(state="dry_run")], owners((RECORDS, None), state="dry_run"))
    assert isinstance(answer, WitnessOf)


def test_the_narrower_of_two_flows_takes_the_record() -> None:
    flows = [flow(), flow(OTHER, takes=FlowFilter(kinds=(RecordKind.CARD_PURCHASE,)))]
    assert route(record(), flows, owners((OTHER, None))) == Routed(OTHER)


def test_legal_entities_keep_two_companies_apart() -> None:
    flows = [
        flow(takes=FlowFilter(legal_entities=("le_1",))),
        flow(OTHER, company="2", takes=FlowFilter(legal_entities=("le_2",))),
    ]
    assert route(record(billed_entity="le_1"), flows, owners((FEED, None))) == Routed(FEED)


def test_an_unknown_kind_is_not_lost_by_a_flow_of_certain_kinds() -> None:
    limited = flow(takes=FlowFilter(kinds=(RecordKind.CHARGEBACK,)))
    unknown = record(kind=RecordKind.UNKNOWN, family=Family.CARD_SPEND)
    assert route(unknown, [limited], owners((FEED, None))) == Routed(FEED)


def test_a_record_without_a_day_goes_to_its_flow_which_names_what_is_missing() -> None:
    assert route(record(posting_moment=None), [flow()], owners()) == Routed(FEED)


def test_vendors_have_no_owner() -> None:
    vendors = flow(OTHER, "vendors", document="vendor")
    assert route(VendorRecord("vendors", "v1", "Staples"), [vendors], owners()) == Routed(OTHER)
