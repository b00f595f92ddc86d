"""How is one Odoo spoken to? The right protocol, one company in the context, rows under today's names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit

from pydantic import ValidationError

from connectors.base import ConnectionContext
from connectors.errors import ConfigurationError, OutcomeUnknownError, PayloadError, RejectedError, TransportError
from connectors.http import ApiClient
from connectors.odoo.auth import OdooAuth, OdooCredentials
from connectors.odoo.errors import RULES, read_body_error
from connectors.odoo.json2 import Json2
from connectors.odoo.schema import LoadAnswer, Row
from connectors.odoo.versions import EARLIER_NAMES, Names, Version
from connectors.odoo.xmlrpc import XmlRpc

WRITE_TIMEOUT = 130.0  # seconds: Odoo kills a request after 120 (`limit_time_real`)
PAGE = 1000
R = TypeVar("R", bound=Row)
T = TypeVar("T")
Domain = Sequence[Any]

# Field names per installation, as `fields_get` told them; they change only with the version.
_names: dict[tuple[str, str, str, str], Names] = {}


class OdooClient:
    """Calls methods of one database as the key's user; not to be shared between threads.

    Every call names one company, or none where the question is about all of them. Cookies are never kept:
    `/web/version` sets one, and a session beside a key is refused (observed on Odoo 19.0)."""

    def __init__(self, context: ConnectionContext) -> None:
        self.context = context
        self.credentials = checked(context.credentials, OdooCredentials)
        self.http = ApiClient(
            context,
            provider="Odoo",
            auth=OdooAuth(self.credentials),
            rules=RULES,
            read_body_error=read_body_error,
            write_timeout=WRITE_TIMEOUT,
        )
        self._xmlrpc = XmlRpc(self.http, self.credentials)
        self._protocol: Json2 | XmlRpc | None = None
        self._version: Version | None = None

    @property
    def host(self) -> str:
        return urlsplit(self.context.address).hostname or ""

    @property
    def version(self) -> Version:
        """Asked once per client. Raises ConfigurationError when the address is not an Odoo; where one was proven
        before, a page in its place is a passing fault (maintenance), and TransportError."""
        if self._version is None:
            try:
                try:
                    told = self.http.get("/web/version").json()
                except (RejectedError, ConfigurationError):  # 404 below version 19
                    told = {"version": self._xmlrpc.version()["server_version"]}
                self._version = Version.read(told["version"])
            except (PayloadError, RejectedError, KeyError, TypeError, ValueError) as error:
                if self.context.identity and isinstance(error, PayloadError):
                    raise TransportError(
                        "Something else answers in Odoo's place, perhaps a maintenance page.",
                        detail=str(error),
                        provider="Odoo",
                    ) from error
                raise ConfigurationError(
                    "No Odoo answers at this address.", detail=str(error), provider="Odoo"
                ) from error
        return self._version

    def version_set(self, version: Version) -> None:
        """Spare the question, where the version is known."""
        self._version = version

    def call(
        self,
        model: str,
        method: str,
        *,
        company: str = "",
        ids: Sequence[int] | None = None,
        writes: bool = False,
        context: Mapping[str, Any] | None = None,
        **arguments: Any,
    ) -> Any:
        """One method, one transaction. `ids` must not be empty: without them Odoo answers success and does nothing."""
        if ids is not None and not ids and method != "has_access":
            raise ValueError(f"{model}.{method} would silently do nothing without ids.")
        full: dict[str, Any] = {"lang": "en_US", **(context or {})}
        if company:
            full["allowed_company_ids"] = [_number(company)]
        if self._protocol is None:
            self._protocol = Json2(self.http) if self.version.has_json2 else self._xmlrpc
        return self._protocol.execute(model, method, ids, arguments, full, writes=writes)

    def rows(
        self,
        kind: type[R],
        domain: Domain,
        *,
        company: str = "",
        order: str = "id",
        limit: int = 0,
        is_archived_too: bool = False,
    ) -> list[R]:
        """Records that fit, with the fields of `kind` only (all fields are refused on partners). Safe to repeat."""
        names = self.names(kind.odoo_model)
        answer = self.call(
            kind.odoo_model,
            "search_read",
            company=company,
            context={"active_test": False} if is_archived_too else None,
            domain=_renamed(domain, names),
            fields=[names.sent(name) for name in kind.odoo_fields() if name not in names.missing],
            order=order,
            limit=limit,
        )
        return parsed(kind, answer, names)

    def pages(
        self, kind: type[R], domain: Domain, *, company: str = "", is_archived_too: bool = False, size: int = PAGE
    ) -> Iterator[list[R]]:
        """The same by pages in order of ids; rows that change meanwhile are neither lost nor doubled."""
        last = 0
        while True:
            page = self.rows(
                kind, [*domain, ["id", ">", last]], company=company, limit=size, is_archived_too=is_archived_too
            )
            if page:
                yield page
            if len(page) < size:
                return
            last = page[-1].id

    def load(self, model: str, fields: Sequence[str], data: Sequence[Sequence[str]], *, company: str) -> LoadAnswer:
        """Create or update by external id, all or nothing; refusals are in the answer. Changes drafts it meets."""
        names = self.names(model)
        sent = [names.sent(field) for field in fields]
        answer = self.call(model, "load", company=company, writes=True, fields=sent, data=[list(row) for row in data])
        try:
            return LoadAnswer.model_validate(answer)
        except ValidationError as error:
            raise OutcomeUnknownError("Odoo's answer to `load` is not as documented.", detail=str(error)) from error

    def external_ids(self, model: str, ids: Sequence[int], *, company: str) -> dict[int, list[str]]:
        """All external ids of records. `ir.model.data` itself is closed to ordinary users, and `get_external_id`
        shows one name only: a record that somebody exported has a second, and then all of them are asked for. Over
        XML-RPC that method always fails (`dictionary key must be string`, observed on Odoo 19.0)."""
        if not ids:
            return {}
        if not self.version.has_json2:
            return self._all_external_ids(model, ids, company)
        first = self.call(model, "get_external_id", company=company, ids=ids)
        found = {int(key): [str(name)] if name else [] for key, name in first.items()}
        foreign = [key for key, names in found.items() if names and not names[0].startswith("mlc.")]
        return {**found, **self._all_external_ids(model, foreign, company)}

    def _all_external_ids(self, model: str, ids: Sequence[int], company: str) -> dict[int, list[str]]:
        rows = self.call(model, "get_metadata", company=company, ids=ids) if ids else []
        return {
            int(row["id"]): [str(one["xmlid"]) for one in row.get("xmlids") or [row] if one["xmlid"]] for row in rows
        }

    def names(self, model: str) -> Names:
        """How this version names the fields that were renamed; `fields_get` tells, once per installation."""
        if model not in EARLIER_NAMES:
            return Names(model)
        slot = (self.context.address, self.credentials.database, self.version.text, model)
        if slot not in _names:
            wanted = sorted({name for names in EARLIER_NAMES[model].values() for name in names})
            told = self.call(model, "fields_get", allfields=wanted, attributes=["type"])
            _names[slot] = Names.of(model, frozenset(told))
        return _names[slot]


def checked(value: object, kind: type[T]) -> T:
    """The value, which is of that type unless the caller is wrong. Raises TypeError."""
    if not isinstance(value, kind):
        raise TypeError(f"Expected {kind.__name__}, not {type(value).__name__}.")
    return value


def parsed(kind: type[R], answer: Any, names: Names) -> list[R]:
    """Rows of an answer. Raises PayloadError when a field is not as documented."""
    try:
        return [kind.model_validate(names.read(row)) for row in answer]
    except (ValidationError, TypeError, AttributeError, KeyError) as error:
        raise PayloadError(f"A row of {kind.odoo_model} is not as documented.", detail=str(error)) from error


def _renamed(domain: Domain, names: Names) -> list[Any]:
    if not names.vendors:
        return list(domain)
    return [[names.sent(one[0]), *one[1:]] if isinstance(one, list | tuple) else one for one in domain]


def _number(company: str) -> int:
    try:
        return int(company)
    except ValueError as error:
        raise ConfigurationError(f"{company!r} is not the id of a company in Odoo.") from error
