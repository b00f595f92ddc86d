"""Which taxes has an organisation? https://www.zoho.com/books/api/v3/taxes/ (the live list shows active ones)"""

from __future__ import annotations

from decimal import Decimal

from werkzeug.wrappers import Response

from connectors.zoho_books.simulator.call import ApiCall, Route, answer
from connectors.zoho_books.simulator.errors import ZohoError, missing
from connectors.zoho_books.simulator.listing import Listing, listed
from connectors.zoho_books.simulator.store import Item, Organisation
from connectors.zoho_books.simulator.values import number, text

PATH = "/settings/taxes"


class TaxesApi:
    def routes(self) -> list[Route]:
        return [
            Route("GET", PATH, self.list, "settings.READ"),
            Route("POST", PATH, self.create, "settings.CREATE"),
            Route("GET", f"{PATH}/<tax_id>", self.get, "settings.READ"),
        ]

    def list(self, call: ApiCall) -> Response:
        return listed(call, LISTING, call.org.taxes)

    def get(self, call: ApiCall, tax_id: str) -> Response:
        found = call.org.taxes.get(tax_id)
        if found is None:
            raise missing("Tax")
        return answer(tax=found)

    def create(self, call: ApiCall) -> Response:
        if not call.simulator.switches.sales_tax:
            raise ZohoError(400, 110817, "Sales tax is not enabled for this organization.")
        body = call.body()
        made = tax_add(call.org, text(body, "tax_name", required=True), number(body, "tax_percentage"))
        return answer("The tax has been added.", 201, tax=made)


def tax_add(org: Organisation, name: str, percentage: Decimal, account_code: str = "131000") -> Item:
    """A tax whose input side is booked on an account of the chart."""
    tax = {
        "tax_id": org.new_id(),
        "tax_name": name,
        "tax_percentage": percentage,
        "tax_type": "tax",
        "tax_factor": "rate",
        "tax_specific_type": "",
        "tax_authority_id": "",
        "tax_authority_name": "",
        "is_value_added": False,
        "is_default_tax": not len(org.taxes),
        "is_editable": True,
        "_account_id": org.account(account_code)["account_id"],
    }
    return org.taxes.put(tax["tax_id"], tax)


LISTING = Listing(
    key="taxes",
    report="Taxes",
    row=lambda _, row: row,
    filters={"Taxes.Active": lambda _, __: True, "Taxes.All": lambda _, __: True},
    default_filter="Taxes.Active",
    sorts=("tax_name",),
    default_sort="tax_name",
)
