"""Which webhooks does an organisation have, and what was delivered?

https://www.zoho.com/books/api/v3/webhooks/ documents the arguments of creating one; shapes of answers and the names
of events are not known, and are simple here. A webhook is an action of a workflow rule; by default the simulator
fires every one of its entity without asking for the rule (switch `webhook_needs_workflow`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from werkzeug.wrappers import Response

from connectors.zoho_books.simulator.call import ApiCall, Route, answer
from connectors.zoho_books.simulator.errors import invalid, invalid_parameter, missing
from connectors.zoho_books.simulator.store import Item, Organisation
from connectors.zoho_books.simulator.values import items, text

if TYPE_CHECKING:
    from connectors.zoho_books.simulator.delivery import Message
    from connectors.zoho_books.simulator.simulator import ZohoBooksSimulator

PATH = "/settings/webhooks"
ENTITIES = (
    "bill",
    "expense",
    "contact",
    "journal",
    "vendorpayment",
    "vendor_credit",
    "chart_of_account",
    "project",
    "invoice",
    "purchaseorder",
)
PAIRS = ("entity_parameters", "additional_parameters", "headers", "form_data", "query_parameters")
BODY_TYPES = ("default", "raw", "form")
MOST_RESENT = 10


class WebhooksApi:
    """Webhooks, workflow rules that name them, and the log of deliveries."""

    def __init__(self, simulator: ZohoBooksSimulator) -> None:
        self.simulator = simulator

    def routes(self) -> list[Route]:
        log = f"{PATH}/histories"
        return [
            Route("POST", PATH, self.create, "settings.CREATE"),
            Route("GET", PATH, self.read_all, "settings.READ"),
            Route("GET", log, self.histories, "settings.READ"),
            Route("POST", f"{log}/bulkresend", self.resend_many, "settings.CREATE"),
            Route("GET", f"{log}/<history_id>", self.history, "settings.READ"),
            Route("POST", f"{log}/<history_id>/resend", self.resend, "settings.CREATE"),
            Route("GET", f"{PATH}/<webhook_id>", self.get, "settings.READ"),
            Route("PUT", f"{PATH}/<webhook_id>", self.update, "settings.UPDATE"),
            Route("DELETE", f"{PATH}/<webhook_id>", self.delete, "settings.DELETE"),
            Route("POST", "/settings/workflows", self.create_workflow, "settings.CREATE"),
            Route("GET", "/settings/workflows", self.workflows, "settings.READ"),
            Route("DELETE", "/settings/workflows/<workflow_id>", self.delete_workflow, "settings.DELETE"),
        ]

    def create(self, call: ApiCall) -> Response:
        made = webhook_add(self.simulator, call.org, call.body())
        shown = webhook_shown(made)
        return answer("The webhook has been created.", 201, f"settings/webhooks/{made['webhook_id']}", webhook=shown)

    def read_all(self, call: ApiCall) -> Response:
        return answer(webhooks=[webhook_shown(one) for one in call.org.webhooks])

    def get(self, call: ApiCall, webhook_id: str) -> Response:
        return answer(webhook=webhook_shown(self._find(call.org, webhook_id)))

    def update(self, call: ApiCall, webhook_id: str) -> Response:
        known = self._find(call.org, webhook_id)
        made = {**_read(self.simulator, {**known, **call.body()}), "webhook_id": webhook_id}
        call.org.webhooks.put(webhook_id, made)
        return answer("The webhook has been updated.", webhook=webhook_shown(made))

    def delete(self, call: ApiCall, webhook_id: str) -> Response:
        self._find(call.org, webhook_id)
        call.org.webhooks.remove(webhook_id)
        return answer("The webhook has been deleted.")

    def histories(self, call: ApiCall) -> Response:
        wanted = {"webhook_id": call.query("webhook_id"), "entity_id": call.query("entity_id")}
        status = {"Status.Failed": "failed", "Status.Success": "success"}.get(call.query("filter_by") or "")
        found = [
            one.as_history(call.org) for one in self.simulator.sender.messages if one.organisation_id == call.org.id
        ]
        rows = [
            one
            for one in found
            if all(value in (None, one[name]) for name, value in wanted.items()) and status in (None, one["status"])
        ]
        return answer(histories=rows)

    def history(self, call: ApiCall, history_id: str) -> Response:
        return answer(history=self._message(call, history_id).as_history(call.org))

    def resend(self, call: ApiCall, history_id: str) -> Response:
        self.simulator.sender.again(self._message(call, history_id))
        return answer("The webhook will be sent again.")

    def resend_many(self, call: ApiCall) -> Response:
        ids = [one for one in (call.query("history_ids") or "").split(",") if one]
        if not ids or len(ids) > MOST_RESENT:
            raise invalid_parameter("history_ids")
        for message in [self._message(call, one) for one in ids]:
            self.simulator.sender.again(message)
        return answer("The webhooks will be sent again.")

    def create_workflow(self, call: ApiCall) -> Response:
        body = call.body()
        made: Item = {
            "workflow_id": call.org.new_id(),
            **{name: text(body, name, required=True) for name in ("workflow_name", "rule_type", "entity")},
            "actions": items(body, "actions"),
        }
        call.org.workflows.put(made["workflow_id"], made)
        return answer("The workflow has been created.", 201, workflow=made)

    def workflows(self, call: ApiCall) -> Response:
        return answer(workflows=list(call.org.workflows))

    def delete_workflow(self, call: ApiCall, workflow_id: str) -> Response:
        if call.org.workflows.get(workflow_id) is None:
            raise missing("Workflow")
        call.org.workflows.remove(workflow_id)
        return answer("The workflow has been deleted.")

    def _find(self, org: Organisation, webhook_id: str) -> Item:
        found = org.webhooks.get(webhook_id)
        if found is None:
            raise missing("Webhook")
        return found

    def _message(self, call: ApiCall, history_id: str) -> Message:
        for one in self.simulator.sender.messages:
            if (one.id, one.organisation_id) == (history_id, call.org.id):
                return one
        raise missing("History")


def webhook_add(simulator: ZohoBooksSimulator, org: Organisation, body: Item) -> Item:
    made = {**_read(simulator, body), "webhook_id": org.new_id()}
    return org.webhooks.put(made["webhook_id"], made)


def webhook_shown(webhook: Item) -> Item:
    """Whatever was configured; the secret is not shown again."""
    return {name: value for name, value in webhook.items() if name != "secret"}


def fires(simulator: ZohoBooksSimulator, org: Organisation, webhook: Item, entity: str, what: str) -> bool:
    """Whether a change is for this webhook: its entity, its events where it names some, a rule where one is needed."""
    if webhook["entity"] != entity or (webhook["events"] and what not in webhook["events"]):
        return False
    if not simulator.switches.webhook_needs_workflow:
        return True
    named = {
        str(one.get("action_id") or one.get("webhook_id"))
        for rule in org.workflows
        if rule["entity"] == entity
        for one in rule["actions"]
    }
    return webhook["webhook_id"] in named


def _read(simulator: ZohoBooksSimulator, body: Item) -> Item:
    url, secret = text(body, "url", limit=5000, required=True), text(body, "secret")
    parts = urlsplit(url)
    is_local = parts.hostname in ("127.0.0.1", "localhost") and simulator.switches.webhook_http == "loopback"
    if parts.scheme != "https" and not is_local and simulator.switches.webhook_http != "any":
        raise invalid("url")
    if secret and not re.fullmatch(r"[A-Za-z0-9]{12,50}", secret):
        raise invalid("secret")
    entity, method = text(body, "entity", required=True), text(body, "method", "POST")
    if entity not in ENTITIES or method not in ("POST", "PUT", "DELETE"):
        raise invalid("entity" if entity not in ENTITIES else "method")
    body_type = text(body, "body_type", "default")
    if body_type not in BODY_TYPES:
        raise invalid("body_type")
    events = body.get("events") or []
    if not isinstance(events, list):
        raise invalid("events")
    return {
        "entity": entity,
        "webhook_name": text(body, "webhook_name", limit=50),
        "description": text(body, "description", limit=100),
        "method": method,
        "url": url,
        "secret": secret,
        "body_type": body_type,
        "raw_data": text(body, "raw_data", limit=100_000),
        "events": [str(one) for one in events],
        **{name: items(body, name) for name in PAIRS},
    }
