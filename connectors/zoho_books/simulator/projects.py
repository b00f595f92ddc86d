"""Which projects are there, each with its customer? https://www.zoho.com/books/api/v3/projects/"""

from __future__ import annotations

from werkzeug.wrappers import Response

from connectors.zoho_books.simulator.call import ApiCall, Route, answer
from connectors.zoho_books.simulator.errors import invalid
from connectors.zoho_books.simulator.listing import Listing
from connectors.zoho_books.simulator.parties import contact_meant, contact_name, currency_facts
from connectors.zoho_books.simulator.resource import Resource
from connectors.zoho_books.simulator.store import Item, Organisation, Table
from connectors.zoho_books.simulator.values import text

BILLING_TYPES = ("fixed_cost_for_project", "based_on_project_hours", "based_on_staff_hours", "based_on_task_hours")


class ProjectsApi(Resource):
    path, entity, key, id_field = "projects", "project", "project", "project_id"
    scope, label = "projects", "Project"
    created = "The project has been created."
    updated = "The project information has been updated."
    deleted = "The project has been deleted."
    upsertable = True

    @property
    def listing(self) -> Listing:
        return LISTING

    def table(self, org: Organisation) -> Table:
        return org.projects

    def routes(self) -> list[Route]:
        one = "/projects/<record_id>"
        return [
            *super().routes(),
            Route("POST", f"{one}/active", self.activate, "projects.CREATE"),
            Route("POST", f"{one}/inactive", self.deactivate, "projects.CREATE"),
        ]

    def read(self, call: ApiCall, body: Item, known: Item | None) -> Item:
        old = known or {}
        customer = contact_meant(call.org, {"customer_id": old.get("customer_id"), **body}, "customer_id", "customer")
        if customer is None:
            raise invalid("customer_id")
        billing = text(body, "billing_type", old.get("billing_type", ""))
        if billing not in BILLING_TYPES:
            raise invalid("billing_type")
        return {
            "project_name": text(body, "project_name", old.get("project_name", ""), required=True),
            "customer_id": customer["contact_id"],
            "currency_id": customer["currency_id"],
            "description": text(body, "description", old.get("description", "")),
            "billing_type": billing,
            "status": old.get("status", "active"),
        }

    def shown(self, org: Organisation, row: Item) -> Item:
        kept = {name: value for name, value in row.items() if name != "currency_id"}
        return {
            **kept,
            "customer_name": contact_name(org, row["customer_id"]),
            "currency_code": currency_facts(org, row)["currency_code"],
            "created_time": org.stamp(row["_created"]),
        }

    def activate(self, call: ApiCall, record_id: str) -> Response:
        self.store(call, {**self.find(call.org, record_id), "status": "active"}, "edited")
        return answer("The selected Projects have been marked as active.")

    def deactivate(self, call: ApiCall, record_id: str) -> Response:
        self.store(call, {**self.find(call.org, record_id), "status": "inactive"}, "edited")
        return answer("The selected projects have been marked as inactive.")


def _row(call: ApiCall, row: Item) -> Item:
    names = ("project_id", "project_name", "customer_id", "description", "status", "billing_type")
    return {
        **{name: row[name] for name in names},
        "customer_name": contact_name(call.org, row["customer_id"]),
        "has_attachment": False,
        "created_time": call.org.stamp(row["_created"]),
    }


LISTING = Listing(
    key="projects",
    report="Projects",
    row=_row,
    filters={
        "Status.All": lambda _, __: True,
        "Status.Active": lambda _, row: row["status"] == "active",
        "Status.Inactive": lambda _, row: row["status"] == "inactive",
    },
    default_filter="Status.All",
    sorts=("project_name", "customer_name", "created_time"),
    default_sort="created_time",
    default_order="D",
    exact=("customer_id",),
    computed={"customer_name": lambda call, row: contact_name(call.org, row["customer_id"])},
)
