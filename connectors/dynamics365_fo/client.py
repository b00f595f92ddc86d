"""How is one Dynamics environment spoken to? Rows by OData, many questions and many writes in one `$batch`.

Every request carries `cross-company=true` and names its company: without that Dynamics shows, and writes into, the
default company of the mapped user (https://learn.microsoft.com/en-us/dynamics365/fin-ops-core/dev-itpro/data-entities/
odata#cross-company-behavior)."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, ValidationError
from requests.structures import CaseInsensitiveDict

from connectors.answers import ApiResponse, ErrorRule
from connectors.base import ConnectionContext
from connectors.dynamics365_fo.auth import DynamicsCredentials, build_auth, environment_address, settings_of
from connectors.dynamics365_fo.errors import LOAD, RULES, about, lean, read_body_error
from connectors.dynamics365_fo.literals import ENUM, equals
from connectors.dynamics365_fo.multipart import JSON, Changeset, Operation, Part, decode, encode
from connectors.dynamics365_fo.schema import Row
from connectors.dynamics365_fo.throttling import Gentle
from connectors.errors import (
    ConfigurationError,
    ConnectorError,
    OutcomeUnknownError,
    PayloadError,
    RateLimitedError,
    RejectedError,
    TransportError,
)
from connectors.http import ApiClient, context_for
from connectors.pagination import pages_by_cursor

PROVIDER = "Dynamics"
READ_TIMEOUT = 35.0  # seconds
FIRST_TIMEOUT = 150.0  # seconds: the first call after a restart builds the metadata cache
BATCH_TIMEOUT = 300.0  # seconds; no limit of the server is documented
BATCH_TRIES = 3  # of a batch of readings, where a failure comes soon
SOON = 30.0  # seconds
LONGEST_ADDRESS = 1800  # characters; a longer question travels inside a batch, where no proxy cuts it
QUESTIONS = 100  # in one batch of readings
R = TypeVar("R", bound=Row)
M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Query(Generic[R]):
    """A question to one entity set. `company` is needed where the set is kept by company; `every` is the filter."""

    row: type[R]
    company: str = ""
    every: str = ""
    expand: str = ""
    top: int = 0
    skip: int = 0
    leaves_out: tuple[str, ...] = ()  # fields that this environment does not have

    def path(self) -> str:
        """The address under the environment, encoded."""
        wanted = [self.every] if self.every else []
        if self.row.has_company:
            if not self.company:
                raise ValueError(f"{self.row.entity_set} is kept by company.")
            wanted.insert(0, equals("dataAreaId", self.company))
        options = {
            "cross-company": "true",
            "$filter": " and ".join(wanted),
            "$select": ",".join(name for name in self.row.selection().split(",") if name not in self.leaves_out),
            "$expand": self.expand,
            "$orderby": self.row.order,
            "$top": str(self.top) if self.top else "",
            "$skip": str(self.skip) if self.skip else "",
        }
        said = "&".join(f"{name}={quote(value, safe=_PLAIN)}" for name, value in options.items() if value)
        return f"data/{self.row.entity_set}?{said}"


_PLAIN = "(),'*/:$="


class DynamicsClient:
    """Calls of one connection; not to be shared between threads. Reads are safe to repeat, and are repeated.

    Raises ConnectorErrors; after a write whose answer is unclear OutcomeUnknownError."""

    def __init__(self, context: ConnectionContext) -> None:
        self.address = environment_address(context)
        self.credentials = checked(context.credentials, DynamicsCredentials)
        self.settings = settings_of(context)
        self.auth = build_auth(context, self.credentials)
        pace = Gentle(context.limiter, self.host, context.now)
        refused = ErrorRule(429, None, None, RateLimitedError, "Dynamics asks for fewer calls.", LOAD, wait=pace.wait)
        self.http = ApiClient(
            replace(context_for(context, self.address), limiter=pace),
            provider=PROVIDER,
            auth=self.auth,
            rules=(refused, *RULES),
            read_body_error=read_body_error,
            trace_header="ms-dyn-aid",
            timeout=(8, READ_TIMEOUT),
            write_timeout=BATCH_TIMEOUT,
        )

    @property
    def host(self) -> str:
        return urlsplit(self.address).hostname or ""

    def rows(self, query: Query[R], *, patience: float = READ_TIMEOUT) -> list[R]:
        """All rows of a question, page by page; `patience` in seconds for each."""
        return [row for page in self.pages(query, patience=patience) for row in page]

    def wake(self, query: Query[R]) -> None:
        """Ask something, with the patience that the first call after a restart of the server needs."""
        with _naming(query.row.entity_set):
            self.http.get(query.path(), headers={**_HEADERS, "Accept": JSON, **_traced()}, timeout=FIRST_TIMEOUT)

    def action(self, entity_set: str, name: str, body: dict[str, Any]) -> ApiResponse:
        """The answer of an action that changes nothing; safe to repeat."""
        headers = {**_HEADERS, "Accept": JSON, **_traced()}
        with _naming(entity_set):
            return self.http.request("POST", f"data/{entity_set}/{ENUM}.{name}", json=body, headers=headers)

    def pages(self, query: Query[R], *, patience: float = READ_TIMEOUT) -> Iterator[list[R]]:
        """The rows of a question as the server pages them (at most 10,000 at a time)."""
        if len(query.path()) > LONGEST_ADDRESS:
            yield self.many([query])[0]
            return
        yield from self._pages(query.row, query.path(), patience)

    def many(self, queries: Sequence[Query[Any]]) -> list[list[Any]]:
        """The rows of several questions by one call, in their order; a question that is refused raises."""
        if len(queries) == 1 and len(queries[0].path()) <= LONGEST_ADDRESS:
            return [self.rows(queries[0])]
        found: list[list[Any]] = []
        for start in range(0, len(queries), QUESTIONS):
            some = queries[start : start + QUESTIONS]
            answers = self._batch([Operation("GET", f"{self.address}/{one.path()}") for one in some], writes=False)
            for query, answer in zip(some, answers, strict=True):
                found.append(self._answered(query.row, answer[0]))
        return found

    def tried(self, queries: Sequence[Query[Any]]) -> list[list[Any] | ConnectorError]:
        """The rows of several questions by one call; of one that is refused for a right or an entity, why. Raises what
        is no refusal."""
        answers = self._batch([Operation("GET", f"{self.address}/{one.path()}") for one in queries], writes=False)
        found: list[list[Any] | ConnectorError] = []
        for query, answer in zip(queries, answers, strict=True):
            try:
                found.append(self._answered(query.row, answer[0]))
            except (ConfigurationError, RejectedError) as error:  # no right, no such set, no such field here
                found.append(error)
        return found

    def write(self, parts: Sequence[Changeset]) -> list[list[ApiResponse]]:
        """Several changesets by one call. The answers of each: one for every operation, or the single one that says
        why none was done. Raises OutcomeUnknownError when nothing is known of any."""
        return self._batch(parts, writes=True)

    def operation(self, method: str, entity_set: str, body: dict[str, Any] | None, key: str = "") -> Operation:
        """A write for a changeset; `body` must name its company."""
        if body is not None and "dataAreaId" not in body:
            raise ValueError("A body without a company would go into the mapped user's default company.")
        return Operation(method, f"{self.address}/data/{entity_set}{key}?cross-company=true", body)

    def failure(self, answers: Sequence[ApiResponse]) -> ConnectorError | None:
        """What went wrong in a changeset; None if all of it was done. A 429 closes the vendor for all workers."""
        bad = next((answer for answer in answers if answer.status >= 300), None)
        if bad is None:
            return None
        try:
            code, message = read_body_error(bad)
        except (ConnectorError, AttributeError):
            code, message = "", ""
        asked = tuple(filter(None, bad.headers.get(_ASKED, "").split(",")))
        error = about(self.http.error(lean(bad), code, message), asked)
        if isinstance(error, RateLimitedError):
            self.http.context.limiter.closed(error.retry_after)
        return error

    # --- one call

    def _batch(self, parts: Sequence[Part], *, writes: bool) -> list[list[ApiResponse]]:
        answer = self._sent(parts, writes)
        try:
            answers = decode(answer.headers.get("Content-Type", ""), answer.content, writes=writes)
            if len(answers) != len(parts):
                raise PayloadError(f"{len(parts)} parts were answered by {len(answers)}.")
            for part, some in zip(parts, answers, strict=True):
                wanted = len(part.operations) if isinstance(part, Changeset) else 1
                if len(some) != wanted and not (len(some) == 1 and some[0].status >= 300):
                    raise PayloadError(f"{wanted} operations were answered by {len(some)}.")
            answers = [[_asked(part, one) for one in some] for part, some in zip(parts, answers, strict=True)]
        except PayloadError as error:
            if not writes:
                raise
            sentence = "Dynamics gave no readable answer to a batch: its writes may or may not have been done."
            raise OutcomeUnknownError(sentence, provider=PROVIDER, detail=error.message) from error
        return answers

    def _sent(self, parts: Sequence[Part], writes: bool) -> ApiResponse:
        """Readings that fail soon are asked again: the client's own tries end where a batch's patience begins."""
        content_type, body = encode(parts)
        started = time.monotonic()
        for attempt in range(1, BATCH_TRIES + 1):
            headers = {**_HEADERS, "Accept": "multipart/mixed", "Content-Type": content_type, **_traced()}
            try:
                with _naming():
                    return self.http.request(
                        "POST", "data/$batch", data=body, headers=headers, writes=writes, timeout=BATCH_TIMEOUT
                    )
            except TransportError:
                if writes or attempt == BATCH_TRIES or time.monotonic() - started > SOON:
                    raise
                time.sleep(random.uniform(0, 0.5 * 2**attempt))  # noqa: S311 - jitter, not a secret
        raise AssertionError("The last try answers or raises.")

    def _answered(self, row: type[R], answer: ApiResponse) -> list[R]:
        """The rows of an answer inside a batch, with the pages that follow it."""
        if (error := self.failure([answer])) is not None:
            raise error
        rows, following = self._read(row, answer)
        for page in self._pages(row, following) if following else ():
            rows += page
        return rows

    def _pages(self, row: type[R], first: str, patience: float = READ_TIMEOUT) -> Iterator[list[R]]:
        def fetch(link: str) -> tuple[list[R], str | None]:
            with _naming(row.entity_set):
                headers = {**_HEADERS, "Accept": JSON, **_traced()}
                answer = self.http.get(link or first, headers=headers, timeout=patience)
            return self._read(row, answer)

        yield from pages_by_cursor(fetch)

    def _read(self, row: type[R], answer: ApiResponse) -> tuple[list[R], str | None]:
        body = answer.json()
        if not isinstance(body, dict) or not isinstance(body.get("value"), list):
            raise PayloadError(f"Dynamics answered a question to {row.entity_set} with something else.")
        link = body.get("@odata.nextLink")
        return [parsed(row, one) for one in body["value"]], str(link) if link else None


_HEADERS = {"OData-Version": "4.0", "OData-MaxVersion": "4.0"}
_ASKED = "X-Asked-Of"  # ours, beside the headers of a part's answer: the entity sets that it is about


@contextmanager
def _naming(*entity_sets: str) -> Iterator[None]:
    """Errors inside name these sets where one of them is what is wrong."""
    try:
        yield
    except ConnectorError as error:
        if (named := about(error, entity_sets)) is error:
            raise
        raise named from error


def _asked(part: Part, answer: ApiResponse) -> ApiResponse:
    operations = part.operations if isinstance(part, Changeset) else (part,)
    asked = ",".join(dict.fromkeys(one.entity_set for one in operations))
    return replace(answer, headers=CaseInsensitiveDict({**answer.headers, _ASKED: asked}))


def _traced() -> dict[str, str]:
    return {"x-ms-client-request-id": str(uuid.uuid4())}


def parsed(row: type[R], value: Any) -> R:
    """One row. Raises PayloadError when it is not as the metadata describe it."""
    try:
        return row.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise PayloadError(f"A row of {row.entity_set} is not as documented: {where}: {first['msg']}.") from error


def checked(value: object, kind: type[M]) -> M:
    """A value of the kind that was promised. Raises ConfigurationError otherwise."""
    if not isinstance(value, kind):
        raise ConfigurationError(f"These are no {kind.__name__}.")
    return value


def chunks(values: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Values by at most `size`, in their order, each once."""
    some = list(dict.fromkeys(values))
    for start in range(0, len(some), size):
        yield some[start : start + size]
