"""How are vendors and employees' contacts created in Odoo, once each however many bills wait for them?"""

from __future__ import annotations

from collections.abc import Sequence

from connectors.base import Outcome, OutcomeState, Outgoing
from connectors.documents import NewVendor
from connectors.errors import (
    BlockedError,
    ConnectorError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    RetryableError,
)
from connectors.odoo.desk import Desk, failed, rejected, twice
from connectors.odoo.errors import refusal
from connectors.odoo.loading import partners_table
from connectors.odoo.lookup import Found
from connectors.odoo.schema import PartnerRow


class PartnerPoster:
    """Partners with an external id. What is there is never loaded again: that would undo what people mended since."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def post(self, batch: Sequence[Outgoing]) -> dict[str, Outcome]:
        """Make what is missing; an outcome for each by key. Raises only before anything was sent."""
        found = self.desk.lookup.partners(one.stamp for one in batch)
        outcomes = {one.key: partner_outcome(self.desk, one, found[one.stamp]) for one in batch}
        fresh = [one for one in batch if outcomes[one.key].state is OutcomeState.ABSENT]
        if fresh:
            self._load(fresh, outcomes)
        return outcomes

    def _load(self, batch: list[Outgoing], outcomes: dict[str, Outcome]) -> None:
        fields, data = partners_table([(one, one.document) for one in batch if isinstance(one.document, NewVendor)])
        try:
            answer = self.desk.client.load("res.partner", fields, data, company=self.desk.company)
            if len(answer.ids) != len(batch):
                raise refusal(answer.text)
        except (RateLimitedError, BlockedError):
            raise
        except OutcomeUnknownError as error:
            outcomes.update((one.key, failed(one, OutcomeState.UNCERTAIN, error)) for one in batch)
            return
        except RetryableError as error:
            outcomes.update((one.key, failed(one, OutcomeState.NOT_SENT, error)) for one in batch)
            return
        except ConnectorError as error:
            if len(batch) == 1:
                outcomes[batch[0].key] = rejected(batch[0], _with_cure(error))
            else:
                outcomes.update((one.key, failed(one, OutcomeState.SPLIT, error)) for one in batch)
            return
        for one, partner_id in zip(batch, answer.ids, strict=True):
            link = self.desk.link("res.partner", partner_id)
            outcomes[one.key] = Outcome(one.key, OutcomeState.POSTED, ledger_id=str(partner_id), link=link)


def partner_outcome(desk: Desk, one: Outgoing, hit: Found) -> Outcome:
    """A partner that was found: his own data may have been mended since and are not compared."""
    row = hit.document
    if hit.is_twice:
        return twice(one, hit)
    if not isinstance(row, PartnerRow):
        return Outcome(one.key, OutcomeState.ABSENT)
    state = OutcomeState.POSTED if row.active else OutcomeState.CANCELLED
    return Outcome(one.key, state, ledger_id=str(row.id), link=desk.link("res.partner", row.id))


def find_partners(desk: Desk, batch: Sequence[Outgoing], seen: set[str], known: str = "") -> dict[str, Outcome]:
    """Created partners by their stamps, the archived ones too."""
    found = desk.lookup.partners([*(one.stamp for one in batch), *([known] if known else [])])
    seen.update(stamp for stamp, hit in found.items() if hit.document)
    return {one.key: partner_outcome(desk, one, found[one.stamp]) for one in batch}


def _with_cure(error: ConnectorError) -> ConnectorError:
    if isinstance(error, RejectedError) and not error.cure:
        error.cure = "vendor_data"
    return error
