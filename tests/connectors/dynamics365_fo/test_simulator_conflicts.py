"""What do requests at the same moment do to each other in the simulated F&O?"""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
import requests

from connectors.simulation import SimulatorTransport
from tests.connectors.dynamics365_fo.simulated import HOST, Environment, infolog, line_body

HEADERS, LINES = "LedgerJournalHeaders", "LedgerJournalLines"


@pytest.fixture
def fo() -> Environment:
    return Environment()


def test_line_inserts_that_overlap_under_one_header_conflict(fo: Environment) -> None:
    header = fo.header()
    statuses, words = inserted_at_once(fo, [header] * 4)
    assert statuses.count(201) == 1
    assert all("An update conflict occurred due to another user process" in one for one in words)


def test_line_inserts_under_different_headers_do_not(fo: Environment) -> None:
    headers = [fo.header() for _ in range(4)]
    assert inserted_at_once(fo, headers)[0] == [201] * 4


def test_the_share_of_conflicts_can_be_set(fo: Environment) -> None:
    header = fo.header()
    fo.switches.line_conflict_rate = 1.0
    assert "update conflict" in fo.refused(LINES, line_body(header))
    fo.switches.line_conflict_rate = 0.0
    fo.line(header)


def inserted_at_once(fo: Environment, headers: list[dict[str, Any]]) -> tuple[list[int], list[str]]:
    """One line per header, all requests under way before the first of them is served."""
    answers: list[requests.Response] = []

    def insert(number: int, header: dict[str, Any]) -> None:
        session = requests.Session()
        session.mount(HOST, SimulatorTransport(fo.simulator))
        body = line_body(header, LineNumber=number, DebitAmount=1)
        sent = {"Authorization": f"Bearer {fo.token}"}
        answers.append(session.post(f"{HOST}/data/{LINES}?cross-company=true", json=body, headers=sent))

    threads = [threading.Thread(target=insert, args=pair) for pair in enumerate(headers, 1)]
    deadline = time.monotonic() + 30
    with fo.simulator.lock:
        for one in threads:
            one.start()
        while fo.simulator.limits.count_under_way < len(headers) and time.monotonic() < deadline:
            time.sleep(0.01)
    for one in threads:
        one.join()
    refused = [infolog(one) for one in answers if one.status_code != 201]
    return sorted(one.status_code for one in answers), refused
