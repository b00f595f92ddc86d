"""Which organisations and users does a token see, and how is an organisation described?

https://www.zoho.com/books/api/v3/organizations/ and https://www.zoho.com/books/api/v3/users/. Observed live: no
`page_context`, the month of the fiscal year by its name, the zone as an IANA name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.wrappers import Request, Response

from connectors.zoho_books.simulator.call import ApiCall, Route, answer
from connectors.zoho_books.simulator.errors import ZohoError, missing
from connectors.zoho_books.simulator.store import Item, Organisation, User

if TYPE_CHECKING:
    from connectors.zoho_books.simulator.simulator import ZohoBooksSimulator
    from connectors.zoho_books.simulator.tokens import AccessToken


UNTOLD = ("is_primary", "status")  # of a location: published for one that is made, and not for the list


class OrganisationsApi:
    def __init__(self, simulator: ZohoBooksSimulator) -> None:
        self.simulator = simulator

    def routes(self) -> list[Route]:
        return [
            Route("GET", "/organizations/<record_id>", self.get, "settings.READ"),
            Route("GET", "/users", self.users, "settings.READ"),
            Route("GET", "/users/me", self.me, "settings.READ"),
            Route("GET", "/locations", self.locations, "settings.READ"),
        ]

    def list(self, request: Request, token: AccessToken) -> Response:
        """The one call without `organization_id`: everything the user can see."""
        user = self.simulator.users[token.zuid]
        own = [self.simulator.organisations[one] for one in user.organisations]
        rows = [_row(one, user) for one in own if one.location == token.location]
        return answer(organizations=[{**row, **self._zone()} for row in rows])

    def get(self, call: ApiCall, record_id: str) -> Response:
        org = self.simulator.organisations.get(record_id)
        if org is None or record_id not in call.user.organisations:
            raise ZohoError(400, 6041, f"This user is not associated with the CompanyID/CompanyName:{record_id}.")
        return answer(organization={**_detail(org, call.user), **self._zone()})

    def _zone(self) -> Item:
        told = self.simulator.switches.time_zone_told
        return {"time_zone": told} if told else {}

    def users(self, call: ApiCall) -> Response:
        found = [one for one in self.simulator.users.values() if call.org.id in one.organisations]
        rows = [
            {
                "user_id": one.ids[call.org.id],
                "role_id": "",
                "name": one.name,
                "email": one.email,
                "user_role": "admin",
                "status": "active",
                "is_current_user": one is call.user,
                "photo_url": "",
                "user_type": "zoho",
            }
            for one in found
        ]
        context = {"page": 1, "per_page": 200, "has_more_page": False, "report_name": "Users"}
        return answer(users=rows, page_context={**context, "sort_column": "name", "sort_order": "A"})

    def me(self, call: ApiCall) -> Response:
        user = call.user
        return answer(
            user={
                "user_id": user.ids[call.org.id],
                "name": user.name,
                "email_ids": [{"email": user.email, "is_selected": True}],
                "status": "active",
                "user_role": "admin",
                "user_type": "zoho",
                "role_id": "",
                "photo_url": "",
                "is_employee": False,
                "created_time": f"{call.org.created_on}T09:00:00{call.org.stamp(call.now)[-5:]}",
            }
        )

    def locations(self, call: ApiCall) -> Response:
        if call.query("location_id") and call.org.locations.get(call.query("location_id")) is None:
            raise missing("Location")
        rows: list[Item] = list(call.org.locations)
        if not call.simulator.switches.locations_tell_all:
            rows = [{name: one[name] for name in one if name not in UNTOLD} for one in rows]
        return answer(locations=rows)


def _row(org: Organisation, user: User) -> Item:
    base = org.base
    return {
        "organization_id": org.id,
        "name": org.name,
        "contact_name": user.name,
        "email": user.email,
        "is_default_org": org.is_default,
        "plan_type": 10,
        "plan_name": org.plan,
        "plan_period": "Monthly",
        "tax_group_enabled": True,
        "language_code": "en",
        "fiscal_year_start_month": org.fiscal_year_start_month,
        "account_created_date": org.created_on,
        "time_zone": org.time_zone,
        "is_org_active": org.is_active,
        "currency_id": base["currency_id"],
        "currency_code": base["currency_code"],
        "currency_symbol": base["currency_symbol"],
        "currency_format": base["currency_format"],
        "price_precision": base["price_precision"],
    }


def _detail(org: Organisation, user: User) -> Item:
    row = _row(org, user)
    left_out = ("plan_type", "plan_name", "plan_period", "tax_group_enabled")
    return {
        **{name: value for name, value in row.items() if name not in left_out},
        "date_format": "dd MMM yyyy",
        "field_separator": " ",
        "industry_type": "Manufacturing",
        "industry_size": "50-100",
        "company_id_label": "",
        "company_id_value": "",
        "tax_id_label": "",
        "tax_id_value": "",
        "org_address": "",
        "remit_to_address": "",
        "phone": "",
        "fax": "",
        "website": "",
        "address": {
            "street_address1": "1 Factory Way",
            "street_address2": "",
            "city": "",
            "state": "",
            "country": "",
            "zip": "",
        },
        "custom_fields": [],
    }
