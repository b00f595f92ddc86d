"""How does Odoo answer over XML-RPC and JSON-RPC?"""

from __future__ import annotations

from xmlrpc.client import Fault

import pytest

from .target import EU, Target, in_company


class RpcCases:
    def test_it_tells_its_version(self, target: Target) -> None:
        version = target.rpc_raw("common", "version")
        assert version["server_serie"] == "19.0"
        assert version["protocol_version"] == 1

    def test_authenticate_answers_the_user_or_false(self, target: Target) -> None:
        key = target.keys["integration"]
        assert target.rpc_raw("common", "authenticate", target.database, target.login, key, {}) == 5
        assert target.rpc_raw("common", "authenticate", target.database, target.login, "wrong", {}) is False
        assert target.rpc_raw("common", "authenticate", target.database, "admin", key, {}) is False

    def test_a_dict_makes_a_number_and_a_list_makes_a_list(self, target: Target) -> None:
        one = target.rpc("res.partner", "create", {"name": target.unique()})
        many = target.rpc("res.partner", "create", [{"name": target.unique()}, {"name": target.unique()}])
        assert isinstance(one, int)
        assert [type(id) for id in many] == [int, int]

    def test_posting_answers_false_and_named_arguments_carry_the_context(self, target: Target) -> None:
        move = target.entry()
        assert target.rpc("account.move", "action_post", [move], context=in_company(EU)) is False
        [row] = target.rpc("account.move", "read", [move], ["state", "amount_total"], context=in_company(EU))
        assert (row["state"], row["amount_total"]) == ("posted", 10.0)

    def test_a_method_that_returns_nothing_fails_after_its_commit(self, target: Target) -> None:
        move = target.entry()
        target.post_moves(move)
        with pytest.raises(Fault) as fault:
            target.rpc("account.move", "button_draft", [move], context=in_company(EU))
        assert fault.value.faultCode == 1
        assert fault.value.faultString.strip().endswith("TypeError: cannot marshal None unless allow_none is enabled")
        assert target.move(move, "state")["state"] == "draft"

    @pytest.mark.parametrize(
        ("code", "ending", "model", "method", "positional"),
        [
            (1, "ValueError: Invalid field 'nope' on 'res.partner'", "res.partner", "read", [[1], ["nope"]]),
            (1, "The method 'res.partner.nope' does not exist", "res.partner", "nope", []),
            (2, "Object x.y doesn't exist", "x.y", "read", []),
            (
                2,
                "Record does not exist or has been deleted.\n(Record: res.partner(999999,), User: 5)",
                "res.partner",
                "write",
                [[999999], {"name": "x"}],
            ),
            (2, "The operation cannot be completed: Contacts require a name", "res.partner", "create", [{}]),
            (4, "Private methods (such as 'res.partner._nope') cannot be called remotely.", "res.partner", "_nope", []),
            (4, "Contact your administrator to request access if necessary.", "ir.model.data", "search", [[]]),
        ],
    )
    def test_it_faults(
        self, target: Target, code: int, ending: str, model: str, method: str, positional: list[object]
    ) -> None:
        with pytest.raises(Fault) as fault:
            target.rpc(model, method, *positional)
        assert fault.value.faultCode == code
        assert fault.value.faultString.strip().endswith(ending)

    @pytest.mark.parametrize(("uid", "key"), [(5, "wrong"), (2, None), (False, None), (5, "")])
    def test_a_wrong_key_or_user_is_denied(self, target: Target, uid: object, key: str | None) -> None:
        with pytest.raises(Fault) as fault:
            target.rpc_raw(
                "object",
                "execute_kw",
                target.database,
                uid,
                target.keys["integration"] if key is None else key,
                "res.partner",
                "search",
                [[]],
                {},
            )
        assert (fault.value.faultCode, fault.value.faultString) == (3, "Access Denied")

    def test_an_unknown_database_is_a_fault(self, target: Target) -> None:
        with pytest.raises(Fault) as fault:
            target.rpc_raw("common", "authenticate", "nope", target.login, target.keys["integration"], {})
        assert fault.value.faultCode == 1
        assert 'database "nope" does not exist' in fault.value.faultString

    def test_json_rpc_wraps_the_same_services(self, target: Target) -> None:
        def body(key: str) -> dict[str, object]:
            arguments = [
                target.database,
                5,
                key,
                "res.partner",
                "search_read",
                [[["id", "=", 1]]],
                {"fields": ["name"]},
            ]
            parameters = {"service": "object", "method": "execute_kw", "args": arguments}
            return {"jsonrpc": "2.0", "method": "call", "params": parameters, "id": 1}

        good = target.post("/jsonrpc", body(target.keys["integration"]), Authorization=None).json()
        assert good == {"jsonrpc": "2.0", "id": 1, "result": [{"id": 1, "name": "Acme US Inc"}]}
        bad = target.post("/jsonrpc", body("wrong"), Authorization=None)
        assert bad.status_code == 200
        assert bad.json()["error"]["data"]["name"] == "odoo.exceptions.AccessDenied"
