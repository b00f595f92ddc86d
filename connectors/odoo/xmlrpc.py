"""How is a method called over XML-RPC (Odoo 16 to 18)? Everything is status 200; faults are in the body."""

from __future__ import annotations

import xmlrpc.client
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any
from xml.parsers.expat import ExpatError

from connectors.answers import ApiResponse
from connectors.errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectorError,
    OutcomeUnknownError,
    PayloadError,
    RejectedError,
)
from connectors.http import ApiClient
from connectors.odoo.auth import OdooCredentials
from connectors.odoo.errors import refusal

NOTHING_RETURNED = "cannot marshal None unless allow_none is enabled"


class _Unmarshaller(xmlrpc.client.Unmarshaller):
    """As the standard library's, with Decimals for doubles."""

    def end_double(self, data: str) -> None:
        self.append(Decimal(data.strip()))
        self._value = False

    dispatch = {**xmlrpc.client.Unmarshaller.dispatch, "double": end_double}  # type: ignore[dict-item]


class XmlRpc:
    """https://www.odoo.com/documentation/18.0/developer/reference/external_api.html"""

    def __init__(self, http: ApiClient, credentials: OdooCredentials) -> None:
        self.http = http
        self.credentials = credentials
        self._user = 0

    def version(self) -> Any:
        """`common.version()`, which needs no credential."""
        return self._call("common", "version", [], writes=False)

    def execute(
        self,
        model: str,
        method: str,
        ids: Sequence[int] | None,
        arguments: Mapping[str, Any],
        context: Mapping[str, Any],
        *,
        writes: bool,
    ) -> Any:
        """The method's answer; None for a method that returned nothing, which Odoo reports as a fault."""
        named = dict(arguments)
        positional: list[Any] = [] if ids is None else [list(ids)]
        if method == "create":
            positional.append(named.pop("vals_list"))  # `create` looks at its first positional argument
        key = self.credentials.api_key.get_secret_value()
        call = [self.credentials.database, self.user(), key, model, method, positional, {**named, "context": context}]
        return self._call("object", "execute_kw", call, writes=writes)

    def user(self) -> int:
        """The numeric user of the login. Raises AuthenticationError, ConfigurationError."""
        if not self._user:
            if not self.credentials.login:
                raise ConfigurationError("Below version 19 Odoo also needs the login of the key's user.")
            key = self.credentials.api_key.get_secret_value()
            call = [self.credentials.database, self.credentials.login, key, {}]
            answer = self._call("common", "authenticate", call, writes=False)
            if not isinstance(answer, int) or not answer:  # a wrong key is answered with False, not with a fault
                raise AuthenticationError("Odoo refuses the login or its API key.", provider="Odoo")
            self._user = answer
        return self._user

    def _call(self, service: str, method: str, arguments: list[Any], *, writes: bool) -> Any:
        body = xmlrpc.client.dumps(tuple(arguments), methodname=method, allow_none=False)
        response = self.http.request(
            "POST",
            f"/xmlrpc/2/{service}",
            data=body.encode(),
            headers={"Content-Type": "text/xml", "Accept": "text/xml"},
            writes=writes,
        )
        return _answer(response)


def _answer(response: ApiResponse) -> Any:
    unmarshaller = _Unmarshaller()
    parser = xmlrpc.client.ExpatParser(unmarshaller)
    try:
        parser.feed(response.content)
        parser.close()
        return unmarshaller.close()[0]
    except xmlrpc.client.Fault as fault:
        text = str(fault.faultString)
        if NOTHING_RETURNED in text:
            return None  # done and committed: only the answer could not be written
        raise _fault(int(fault.faultCode), text) from None
    except (ExpatError, xmlrpc.client.ResponseError, InvalidOperation, IndexError, ValueError, TypeError) as error:
        sentence = "Odoo's answer is not XML-RPC, or it was cut off."
        raise (OutcomeUnknownError if response.is_write else PayloadError)(sentence, detail=str(error)) from error


def _fault(code: int, text: str) -> ConnectorError:
    """Fault codes: 1 anything unforeseen with a traceback, 2 business, 3 access denied, 4 rights."""
    if code == 3:
        return AuthenticationError("Odoo refuses the API key.", provider="Odoo")
    last = text.strip().rsplit("\n", 1)[-1] if code == 1 else text
    if "FATAL:" in text and "database" in text and "does not exist" in text:
        return ConfigurationError("There is no such database at this address.", provider="Odoo")
    if code == 2 and text.startswith("Object ") and text.rstrip().endswith("doesn't exist"):
        return ConfigurationError(f"This Odoo lacks something: {text.strip()[:200]}.", provider="Odoo")
    if "psycopg2.errors." in last or code in (2, 4):
        return refusal(last)
    return RejectedError(f"Odoo could not execute this call: {last[:300]}", detail=text[-1500:], provider="Odoo")
