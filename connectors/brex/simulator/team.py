"""How does the simulated Team API answer for users, departments, locations, entities and the company?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from connectors.brex.simulator.call import ApiCall, Handler, Route, optional_text, required_text
from connectors.brex.simulator.errors import ApiError, invalid
from connectors.brex.simulator.state import Item, Store, public
from connectors.simulation import json_response

if TYPE_CHECKING:
    from connectors.brex.simulator.simulator import BrexSimulator

_ATTRIBUTES = ("status", "manager_id", "department_id", "location_id")


class TeamApi:
    """`/v2/users`, departments, locations, titles, legal entities, company.

    https://developer.brex.com/openapi/team_api
    """

    def __init__(self, simulator: BrexSimulator) -> None:
        self.simulator = simulator

    def routes(self) -> list[Route]:
        read, write = ("users.readonly", "users"), ("users",)
        entities = ("legal_entities.readonly", "legal_entities")
        routes = [
            Route("GET", "/v2/users", self.list_users, read),
            Route("POST", "/v2/users", self.create_user, write),
            Route("GET", "/v2/users/me", self.me, read),
            Route("GET", "/v2/users/<item_id>", self._getter("users", "USER_NOT_FOUND"), read),
            Route("PUT", "/v2/users/<user_id>", self.change_user, write),
            Route("GET", "/v2/legal_entities", self._lister("legal_entities"), entities),
            Route("GET", "/v2/legal_entities/<item_id>", self._getter("legal_entities"), entities),
            Route("GET", "/v2/company", self.company, ("companies.readonly",)),
            Route("GET", "/v2/cards", self._lister("cards"), ("cards.readonly",)),
            Route("GET", "/v2/cards/<item_id>", self._getter("cards"), ("cards.readonly",)),
        ]
        for name in ("departments", "locations", "titles"):
            scopes = (f"{name}.readonly", name)
            routes += [
                Route("GET", f"/v2/{name}", self._lister(name), scopes),
                Route("GET", f"/v2/{name}/<item_id>", self._getter(name), scopes),
                Route("POST", f"/v2/{name}", self._creator(name), (name,)),
            ]
        return routes

    def list_users(self, call: ApiCall) -> Response:
        email, display_id = call.one("email"), call.one("remote_display_id")

        def match(user: Item) -> bool:
            return (not email or user["email"].lower() == email.lower()) and (
                not display_id or user["remote_display_id"] == display_id
            )

        return call.page_response(self.simulator.store.users, match=match)

    def me(self, call: ApiCall) -> Response:
        user = self.simulator.store.users.get(call.token.user_id)
        if user is None:
            raise ApiError(404, "Not Found", code="USER_NOT_FOUND")
        return json_response(public(user))

    def company(self, call: ApiCall) -> Response:
        return json_response(public(self.simulator.store.company))

    def create_user(self, call: ApiCall) -> Response:
        body = call.body()
        email = required_text(body, "email")
        if "@" not in email or any(one["email"] == email for one in self.simulator.store.users):
            raise invalid("[email] is invalid")
        user = self.new_user(required_text(body, "first_name"), required_text(body, "last_name"), email)
        for name in ("manager_id", "department_id", "location_id", "title_id"):
            user[name] = optional_text(body, name)
        user["metadata"] = body.get("metadata")
        user["status"] = "INVITED"
        return json_response(public(user))

    def new_user(self, first_name: str, last_name: str, email: str) -> Item:
        store = self.simulator.store
        return store.users.put(
            {
                "id": store.new_id("cuuser"),
                "first_name": first_name,
                "last_name": last_name,
                "email": email,
                "status": "ACTIVE",
                "manager_id": None,
                "department_id": None,
                "location_id": None,
                "title_id": None,
                "metadata": None,
                "remote_display_id": None,
                "_seq": store.sequence(),
                "_role": "EMPLOYEE",
            }
        )

    def change_user(self, call: ApiCall, user_id: str) -> Response:
        user, body = self.simulator.store.users.get(user_id), call.body()
        if user is None:
            raise ApiError(404, "Not Found", code="USER_NOT_FOUND")
        if body.get("status", "ACTIVE") not in ("ACTIVE", "DISABLED"):
            raise invalid("[status] is invalid")
        names = (*_ATTRIBUTES, "title_id", "metadata")
        self.update_user(user, {name: body[name] for name in names if body.get(name) is not None})
        return json_response(public(user))

    def update_user(self, user: Item, changes: Item) -> None:
        """Apply and tell the subscribers which of the four watched attributes changed."""
        changed = [name.upper() for name in _ATTRIBUTES if name in changes and changes[name] != user[name]]
        user.update(changes)
        self.simulator.store.users.put(user)
        if changed:
            payload = {"user_id": user["id"], "updated_attributes": changed}
            self.simulator.sender.emit("USER_UPDATED", payload)

    def _store(self, name: str) -> Store:
        store = getattr(self.simulator.store, name)
        if not isinstance(store, Store):
            raise KeyError(name)
        return store

    def _lister(self, name: str) -> Handler:
        def handler(call: ApiCall) -> Response:
            wanted = (call.one("name") or "").lower()
            owner = call.one("user_id") if name == "cards" else None

            def match(one: Item) -> bool:
                return wanted in str(one.get("name", "")).lower() and (not owner or one["owner"]["user_id"] == owner)

            return call.page_response(self._store(name), match=match)

        return handler

    def _getter(self, name: str, code: str | None = None) -> Handler:
        def handler(call: ApiCall, item_id: str) -> Response:
            found = self._store(name).get(item_id)
            if found is None:
                raise ApiError(404, "Not Found", code=code)
            return json_response(public(found))

        return handler

    def _creator(self, name: str) -> Handler:
        def handler(call: ApiCall) -> Response:
            body = call.body()
            return json_response(
                public(self.add(name, required_text(body, "name"), optional_text(body, "description")))
            )

        return handler

    def add(self, name: str, title: str, description: str | None = None) -> Item:
        """A new department, location or title."""
        store = self.simulator.store
        prefix = {"departments": "dep", "locations": "loc", "titles": "title"}[name]
        item: Item = {"id": store.new_id(prefix), "name": title, "_seq": store.sequence()}
        if name != "titles":
            item["description"] = description
        return self._store(name).put(item)
