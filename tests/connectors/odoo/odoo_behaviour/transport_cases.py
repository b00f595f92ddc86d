"""How does Odoo answer over HTTP: paths, headers, keys, statuses, content types and the error object?"""

from __future__ import annotations

import pytest

from .target import CONTEXT, HIDDEN, Refusal, Target

WHO = "/json/2/res.users/context_get"
HINT = "Did you mean POST /json/2/<model>/<method>?"
NOT_BEARER = "User not authenticated, use an API Key with a Bearer Authorization header."
VALUE, TYPE = "builtins.ValueError", "builtins.TypeError"
USER, VALIDATION = "odoo.exceptions.UserError", "odoo.exceptions.ValidationError"
HTTP = "werkzeug.exceptions."
ENTRY = {"move_type": "entry"}


class TransportCases:
    def test_it_says_who_asks(self, target: Target) -> None:
        answer = target.post(WHO, {})
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json; charset=utf-8")
        assert answer.json() == {"lang": "en_US", "tz": False, "uid": 5}
        assert answer.headers["Date"].endswith("GMT")

    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
    def test_only_post_is_a_call(self, target: Target, method: str) -> None:
        answer = target.request(method, WHO)
        assert (answer.status_code, answer.json()["message"]) == (404, HINT)

    def test_an_error_object_has_its_five_parts(self, target: Target) -> None:
        body = target.post("/json/2/x.y/read", {}).json()
        assert list(body) == ["name", "message", "arguments", "context", "debug"]
        assert body["arguments"] == ["the model 'x.y' does not exist", 404]
        assert (body["context"], body["debug"].startswith("Traceback")) == ({}, True)

    @pytest.mark.parametrize(
        ("authorization", "message"),
        [
            (None, NOT_BEARER),
            ("Basic xx", NOT_BEARER),
            ("bearer " + "0" * 40, "Invalid apikey"),
            ("bearer a-password", "Invalid apikey"),
        ],
    )
    def test_a_call_without_a_good_key_is_401(self, target: Target, authorization: str | None, message: str) -> None:
        answer = target.post(WHO, {}, Authorization=authorization)
        assert (answer.status_code, answer.json()["name"]) == (401, f"{HTTP}Unauthorized")
        assert answer.json()["message"] == message

    @pytest.mark.parametrize("name", ["expired", "scoped", "archived"])
    def test_a_key_that_is_no_longer_good_is_401(self, target: Target, name: str) -> None:
        answer = target.post(WHO, {}, Authorization=f"bearer {target.keys[name]}")
        assert (answer.status_code, answer.json()["message"]) == (401, "Invalid apikey")

    def test_the_word_bearer_may_be_in_any_case(self, target: Target) -> None:
        assert target.post(WHO, {}, Authorization=f"BEARER {target.keys['integration']}").status_code == 200

    def test_an_unknown_database_is_an_html_404(self, target: Target) -> None:
        answer = target.post(WHO, {}, X_Odoo_Database="nope")
        assert (answer.status_code, answer.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
        assert (
            "No database is selected and the requested URL was not found in the server-wide controllers." in answer.text
        )

    def test_one_visible_database_needs_no_header(self, target: Target) -> None:
        assert target.post(WHO, {}, X_Odoo_Database=None).status_code == 200

    @pytest.mark.parametrize("content_type", [None, "text/plain"])
    def test_a_body_that_is_not_json_by_its_type_is_an_html_415(self, target: Target, content_type: str | None) -> None:
        answer = target.post(WHO, {}, Content_Type=content_type)
        assert (answer.status_code, "Unsupported Media Type" in answer.text) == (415, True)
        assert answer.headers["Content-Type"].startswith("text/html")

    def test_no_body_needs_no_content_type(self, target: Target) -> None:
        assert target.post(WHO, None, Content_Type=None).status_code == 200

    def test_broken_json_is_400(self, target: Target) -> None:
        answer = target.request("POST", WHO, '{"domain": }')
        assert (answer.status_code, answer.json()["name"]) == (400, f"{HTTP}BadRequest")
        assert answer.json()["message"] == (
            "could not parse the body as json: Expecting value: line 1 column 12 (char 11)"
        )

    @pytest.mark.parametrize(
        ("path", "arguments", "status", "name", "message"),
        [
            ("x.y/read", {}, 404, f"{HTTP}NotFound", "the model 'x.y' does not exist"),
            ("res.currency/nope", {}, 404, f"{HTTP}NotFound", "The method 'res.currency.nope' does not exist"),
            (
                "res.partner/write",
                {"ids": [1]},
                422,
                f"{HTTP}UnprocessableEntity",
                "missing a required argument: 'vals'",
            ),
            (
                "res.partner/search",
                {"domain": [], "foo": 1},
                422,
                f"{HTTP}UnprocessableEntity",
                "got an unexpected keyword argument 'foo'",
            ),
            (
                "res.currency/search_count",
                {"ids": [1], "domain": []},
                422,
                f"{HTTP}UnprocessableEntity",
                "cannot call res.currency.search_count with ids",
            ),
            (
                "res.currency/search_count",
                {},
                422,
                f"{HTTP}UnprocessableEntity",
                "missing a required argument: 'domain'",
            ),
            (
                "res.currency/_compute_rate",
                {},
                403,
                "odoo.exceptions.AccessError",
                "Private methods (such as 'res.currency._compute_rate') cannot be called remotely.",
            ),
            (
                "res.partner/write",
                {"ids": [999999], "vals": {"name": "x"}},
                404,
                "odoo.exceptions.MissingError",
                "Record does not exist or has been deleted.\n(Record: res.partner(999999,), User: 5)",
            ),
            (
                "account.move/unlink",
                {"ids": [999999]},
                404,
                "odoo.exceptions.MissingError",
                "Record does not exist or has been deleted.\n(Record: account.move(999999,), User: 5)",
            ),
            (
                "res.partner/create",
                {"vals_list": [{}]},
                422,
                VALIDATION,
                "The operation cannot be completed: Contacts require a name",
            ),
            ("res.partner/create", {"vals_list": [{"nope": 1}]}, 500, VALUE, "Invalid field 'nope' in 'res.partner'"),
            ("res.partner/read", {"ids": [1], "fields": ["nope"]}, 500, VALUE, "Invalid field 'nope' on 'res.partner'"),
            (
                "res.partner/search",
                {"domain": [["nope", "=", 1]]},
                500,
                VALUE,
                "Invalid field res.partner.nope in condition ('nope', '=', 1)",
            ),
            (
                "account.move/create",
                {"vals_list": [{"move_type": "foo"}]},
                500,
                VALUE,
                "Wrong value for account.move.move_type: 'foo'",
            ),
            (
                "account.move/create",
                {"vals_list": [{**ENTRY, "date": "2026-13-45"}]},
                500,
                VALUE,
                "time data '2026-13-45' does not match format '%Y-%m-%d'",
            ),
            (
                "account.move/create",
                {"vals_list": [{**ENTRY, "line_ids": [[0, 0, {"account_id": 82, "debit": "5"}]]}]},
                500,
                TYPE,
                "unsupported operand type(s) for -: 'str' and 'int'",
            ),
            (
                "res.partner/search",
                {"domain": [], "context": {"lang": "zz_ZZ"}},
                422,
                USER,
                "Invalid language code: zz_ZZ",
            ),
            (
                "res.partner/search",
                {"domain": [], "context": {"allowed_company_ids": [HIDDEN]}},
                403,
                "odoo.exceptions.AccessError",
                "Access to unauthorized or invalid companies.",
            ),
        ],
    )
    def test_it_refuses(
        self, target: Target, path: str, arguments: dict[str, object], status: int, name: str, message: str
    ) -> None:
        with pytest.raises(Refusal) as refused:
            target.call(path, **arguments)  # type: ignore[arg-type]
        assert (refused.value.status, refused.value.name, refused.value.message) == (status, name, message)

    def test_a_call_that_lost_its_ids_does_nothing_and_says_so_with_success(self, target: Target) -> None:
        assert target.call("res.partner/write", vals={"name": "x"}) is True
        assert target.call("res.partner/read", fields=["name"]) == []
        assert target.call("account.move/action_post") is False

    def test_ids_may_be_a_bare_number_and_text_matches_nothing(self, target: Target) -> None:
        assert target.call("res.currency/read", ids=1, fields=["name"]) == [{"id": 1, "name": "USD"}]
        assert target.call("res.currency/read", ids=["1"], fields=["name"]) == []

    def test_create_answers_a_list_even_for_one_object(self, target: Target) -> None:
        made = target.call("res.partner/create", vals_list={"name": target.unique("one")})
        assert isinstance(made, list)
        assert len(made) == 1

    @pytest.mark.parametrize("path", ["/web/version", "/json/version"])
    def test_the_version_needs_no_key(self, target: Target, path: str) -> None:
        answer = target.request("GET", path, Authorization=None, X_Odoo_Database=None)
        assert answer.json()["version_info"][:2] == [19, 0]
        assert answer.json()["version"] == "19.0"
        assert "session_id=" in answer.headers["Set-Cookie"]

    def test_databases_are_listed(self, target: Target) -> None:
        answer = target.post("/web/database/list", {"jsonrpc": "2.0", "params": {}}, Authorization=None)
        assert target.database in answer.json()["result"]

    def test_a_session_login_refuses_an_api_key(self, target: Target) -> None:
        body = {
            "jsonrpc": "2.0",
            "params": {"db": target.database, "login": target.login, "password": target.keys["integration"]},
        }
        error = target.post("/web/session/authenticate", body, Authorization=None, X_Odoo_Database=None).json()["error"]
        assert error["data"]["name"] == "odoo.exceptions.AccessDenied"

    def test_fields_are_described(self, target: Target) -> None:
        fields = target.call(
            "account.move/fields_get", attributes=["type", "relation"], allfields=["ref", "partner_id", "line_ids"]
        )
        assert fields["partner_id"] == {"type": "many2one", "relation": "res.partner"}
        assert fields["line_ids"] == {"type": "one2many", "relation": "account.move.line"}
        assert fields["ref"] == {"type": "char"}

    def test_a_keys_owner_reads_its_expiry(self, target: Target) -> None:
        rows = target.call(
            "res.users.apikeys/search_read",
            domain=[],
            fields=["name", "scope", "expiration_date", "create_date"],
            context=CONTEXT,
        )
        keys = {row["name"]: row for row in rows}
        assert keys["integration"]["expiration_date"] is False
        assert len(keys["expired"]["expiration_date"]) == len("2026-11-19 10:38:06")
        assert "billing" not in keys
