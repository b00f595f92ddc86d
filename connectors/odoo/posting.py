"""How do entries and bills get into the books? Loaded in one call, posted in one call, read back, compared."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

from connectors.base import Outcome, OutcomeState, Outgoing
from connectors.documents import JournalEntry, VendorBill
from connectors.errors import (
    BlockedError,
    ConnectorError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    RetryableError,
)
from connectors.odoo.desk import STAMP_LOST, Desk, failed, rejected, twice
from connectors.odoo.errors import refusal
from connectors.odoo.loading import bills_table, entries_table
from connectors.odoo.schema import LoadAnswer, Move

TRIES = 3
PAUSE = 0.2  # seconds; who lost against another transaction wins the next time, or finds the document there
EXISTS = re.compile(r"posted (move|journal)|locked journal entry|already hashed|prior to and inclusive of", re.I)
Pair = tuple[Outgoing, int]


class MovePoster:
    """Entries, bills and credits of one company. Never raises for one document, except that a connection which is
    blocked or rate limited is reported as such before anything was sent."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def post(self, batch: Sequence[Outgoing]) -> dict[str, Outcome]:
        """Write one group of documents of one type; an outcome for each by key."""
        outcomes: dict[str, Outcome] = {}
        pairs = self._loaded(list(batch), outcomes)
        if pairs:
            self._post(pairs, outcomes)
            self._read_back([pair for pair in pairs if pair[0].key not in outcomes], outcomes)
        return outcomes

    # --- load

    def _loaded(self, batch: list[Outgoing], outcomes: dict[str, Outcome]) -> list[Pair]:
        """Drafts by document; for a document without one its outcome is set."""
        try:
            answer = self._load(batch)
        except (RateLimitedError, BlockedError):
            raise
        except (OutcomeUnknownError, RetryableError) as error:
            is_unknown = isinstance(error, OutcomeUnknownError)
            state = OutcomeState.UNCERTAIN if is_unknown else OutcomeState.NOT_SENT
            outcomes.update((one.key, failed(one, state, error)) for one in batch)
            return []
        except RejectedError as error:
            return self._refused(batch, error, outcomes)
        if len(answer.ids) == len(batch):
            return list(zip(batch, answer.ids, strict=True))
        refused = refusal(answer.text)
        if isinstance(refused, BlockedError):
            raise refused
        if isinstance(refused, RetryableError):
            outcomes.update((one.key, failed(one, OutcomeState.NOT_SENT, refused)) for one in batch)
            return []
        return self._refused(batch, refused, outcomes)

    def _load(self, batch: list[Outgoing]) -> LoadAnswer:
        currency_ids = self.desk.currency_ids()
        entries = [(one, one.document) for one in batch if isinstance(one.document, JournalEntry)]
        bills = [(one, one.document) for one in batch if isinstance(one.document, VendorBill)]
        if entries:
            fields, data = entries_table(entries, currency_ids)
        else:
            has_rate = "invoice_currency_rate" not in self.desk.client.names("account.move").missing
            is_once = not self.desk.client.version.takes_numbers_twice
            fields, data = bills_table(bills, currency_ids, has_rate=has_rate, numbers_once=is_once)
        for attempt in range(1, TRIES + 1):
            answer = self.desk.client.load("account.move", fields, data, company=self.desk.company)
            if answer.ids or attempt == TRIES or not isinstance(refusal(answer.text), RetryableError):
                break
            time.sleep(PAUSE * attempt)
        return answer

    def _refused(self, batch: list[Outgoing], error: ConnectorError, outcomes: dict[str, Outcome]) -> list[Pair]:
        """`load` is all or nothing and blames records at random: what exists is found, the rest split."""
        if len(batch) > 1 and not EXISTS.search(error.message):
            outcomes.update((one.key, failed(one, OutcomeState.SPLIT, error)) for one in batch)
            return []
        try:
            found = self.desk.lookup.moves(one.stamp for one in batch)
            rest: list[Outgoing] = []
            there: list[Pair] = []
            for one in batch:
                hit = found[one.stamp]
                if hit.is_twice:
                    outcomes[one.key] = twice(one, hit)
                elif isinstance(hit.document, Move) and hit.document.state != "draft":
                    there.append((one, hit.document.id))
                else:
                    rest.append(one)
        except ConnectorError as failure:
            outcomes.update((one.key, failed(one, OutcomeState.UNCERTAIN, failure)) for one in batch)
            return []
        self._read_back(there, outcomes)
        if len(rest) < len(batch):
            return self._loaded(rest, outcomes) if rest else []
        if len(rest) > 1:
            outcomes.update((one.key, failed(one, OutcomeState.SPLIT, error)) for one in rest)
            return []
        draft = found[rest[0].stamp].mine
        outcomes[rest[0].key] = (
            self.desk.remove_draft("account.move", draft.id, rest[0], error) if draft else rejected(rest[0], error)
        )
        return []

    # --- post

    def _post(self, pairs: list[Pair], outcomes: dict[str, Outcome]) -> None:
        """`action_post` is all or nothing: refused batches are halved until the refused document stands alone."""
        try:
            self.desk.client.call(
                "account.move",
                "action_post",
                company=self.desk.company,
                ids=[move_id for _, move_id in pairs],
                writes=True,
                context={"validate_analytic": True},
            )
        except RejectedError as error:
            self._post_refused(pairs, error, outcomes)
        except ConnectorError as error:  # the drafts are there, so that only a look can tell
            self._unclear(pairs, error, outcomes)

    def _post_refused(self, pairs: list[Pair], error: RejectedError, outcomes: dict[str, Outcome]) -> None:
        try:
            rows = self.desk.lookup.moves_by_id([move_id for _, move_id in pairs])
        except ConnectorError as failure:
            self._unclear(pairs, failure, outcomes)
            return
        for outgoing, move_id in pairs:
            if move_id not in rows:
                outcomes[outgoing.key] = failed(outgoing, OutcomeState.NOT_SENT, error)
        drafts = [pair for pair in pairs if pair[1] in rows and rows[pair[1]].state == "draft"]
        if len(drafts) == 1 and len(pairs) == 1:
            outgoing, move_id = drafts[0]
            outcomes[outgoing.key] = self.desk.remove_draft("account.move", move_id, outgoing, error)
        elif drafts and len(drafts) < len(pairs):
            self._post(drafts, outcomes)
        elif drafts:
            middle = len(drafts) // 2
            self._post(drafts[:middle], outcomes)
            self._post(drafts[middle:], outcomes)

    def _unclear(self, pairs: list[Pair], error: ConnectorError, outcomes: dict[str, Outcome]) -> None:
        for outgoing, move_id in pairs:
            outcomes[outgoing.key] = failed(outgoing, OutcomeState.UNCERTAIN, error, str(move_id))

    # --- read back

    def _read_back(self, pairs: list[Pair], outcomes: dict[str, Outcome]) -> None:
        if not pairs:
            return
        try:
            ids = [move_id for _, move_id in pairs]
            rows = self.desk.lookup.moves_by_id(ids)
            lines = self.desk.lookup.lines(ids)
            for outgoing, move_id in pairs:
                row = rows.get(move_id)
                if row is None:
                    error = RetryableError(f"The document {move_id} was deleted in Odoo meanwhile.", provider="Odoo")
                    outcomes[outgoing.key] = failed(outgoing, OutcomeState.UNCERTAIN, error, str(move_id))
                else:
                    outcomes[outgoing.key] = self.desk.move_outcome(outgoing, row, lines[move_id])
        except ConnectorError as error:
            self._unclear([pair for pair in pairs if pair[0].key not in outcomes], error, outcomes)


def find_moves(desk: Desk, batch: Sequence[Outgoing], seen: set[str], known: str = "") -> dict[str, Outcome]:
    """Entries and bills by their stamps, in every state, compared; the stamps that were seen are added to `seen`."""
    found = desk.lookup.moves([*(one.stamp for one in batch), *([known] if known else [])])
    seen.update(stamp for stamp, hit in found.items() if hit.document)
    rows = {
        one.key: hit.document
        for one in batch
        if isinstance((hit := found[one.stamp]).document, Move) and not hit.is_twice
    }
    lines = desk.lookup.lines(row.id for row in rows.values() if isinstance(row, Move))
    outcomes: dict[str, Outcome] = {}
    for one in batch:
        hit, row = found[one.stamp], rows.get(one.key)
        if hit.is_twice:
            outcomes[one.key] = twice(one, hit)
        elif isinstance(row, Move):
            outcomes[one.key] = desk.move_outcome(one, row, lines[row.id], *([] if hit.mine else [STAMP_LOST]))
        else:
            outcomes[one.key] = Outcome(one.key, OutcomeState.ABSENT)
    return outcomes
