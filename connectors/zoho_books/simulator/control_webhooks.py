"""Which webhooks can a test make the simulated organisation send, bend, repeat or lose?"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from connectors.zoho_books.simulator.actions import action, meant
from connectors.zoho_books.simulator.call import numbers
from connectors.zoho_books.simulator.store import Item
from connectors.zoho_books.simulator.webhooks import webhook_add, webhook_shown

if TYPE_CHECKING:
    from connectors.zoho_books.simulator.simulator import ZohoBooksSimulator


@action
def add_webhook(simulator: ZohoBooksSimulator, organisation: str = "", **facts: Any) -> Item:
    """A person sets a webhook up in Zoho's pages: `entity`, `url`, `secret` and the like."""
    org = meant(simulator, organisation)
    return dict(numbers(webhook_shown(webhook_add(simulator, org, facts))))


@action
def send_webhook(
    simulator: ZohoBooksSimulator,
    entity: str,
    record_id: str = "",
    payload: Item | None = None,
    event: str = "edited",
    variant: str = "plain",
    duplicates: int = 0,
    organisation: str = "",
) -> int:
    """Any message to every webhook of the entity, whether something happened or not; how many were sent.

    `variant`: plain, forged (another secret), unsigned, upper_case. The payload is the record as it is now, or given.
    """
    org = meant(simulator, organisation)
    content = payload if payload is not None else _record(simulator, organisation, entity, record_id)
    wanted = [one for one in org.webhooks if one["entity"] == entity]
    for webhook in wanted:
        for _ in range(1 + duplicates):
            simulator.sender.send(org, webhook, entity, event, record_id, content, variant)
    return len(wanted) * (1 + duplicates)


@action
def lose_webhooks(simulator: ZohoBooksSimulator, count: int = 1) -> None:
    """The next messages vanish: nothing is sent, nothing is retried."""
    simulator.sender.lose_next = count


@action
def bend_webhooks(simulator: ZohoBooksSimulator, variant: str = "plain") -> None:
    """What every message is like from now on."""
    simulator.sender.variant = variant


@action
def webhook_pace(simulator: ZohoBooksSimulator, time_scale: float = 1.0) -> None:
    simulator.sender.time_scale = time_scale


@action
def flush_webhooks(simulator: ZohoBooksSimulator, newest_first: bool = False) -> int:
    """Wake the sender; `newest_first` turns what waits around, so that it arrives out of order."""
    waiting = [one for one in simulator.sender.messages if one.status == "waiting"]
    if newest_first:
        for place, message in enumerate(reversed(waiting)):
            message.due_at = simulator.clock.now() - timedelta(milliseconds=len(waiting) - place)
    simulator.sender.wake()
    return len(waiting)


def _record(simulator: ZohoBooksSimulator, organisation: str, entity: str, record_id: str) -> Item:
    org = meant(simulator, organisation)
    api = next(one for one in simulator.resources.values() if one.entity == entity)
    return {api.key: api.shown(org, api.find(org, record_id))}
