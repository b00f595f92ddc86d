"""How is one organisation of Zoho spoken to? Envelopes opened, pages followed, writes counted, the day's rest noted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from pydantic import ValidationError

from connectors.answers import ApiResponse
from connectors.base import ConnectionContext, Finding
from connectors.errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectorError,
    OutcomeUnknownError,
    PayloadError,
    RateLimitedError,
    RejectedError,
    TooManyAtOnceError,
)
from connectors.http import ApiClient
from connectors.zoho_books.auth import build_auth, settings_of
from connectors.zoho_books.errors import (
    KNOWN_CODES,
    PROVIDER,
    RESET,
    RULES,
    UNTOLD,
    DayUsedUpError,
    read_body_error,
)
from connectors.zoho_books.plans import calls_a_day, day_left
from connectors.zoho_books.schema import Organization, Row
from connectors.zoho_books.stored import lost_keys
from connectors.zoho_books.zones import zone_named

BASE = "/books/v3"
PAGE = 200  # the most for most lists; the documented default of ten is not what is seen, so it is always sent
MOST_PAGES = 5_000
WRITE_TIMEOUT = 60.0
KEPT_FOR_POSTING = Decimal("0.2")  # of a day's calls
ASK_AGAIN = timedelta(hours=1)
R = TypeVar("R", bound=Row)
Json = dict[str, Any]


class ZohoClient:
    """Calls of one connection; not to be shared between threads. https://www.zoho.com/books/api/v3/introduction/

    `writes` counts what was done or may have been done at Zoho: who sees it unchanged knows that nothing was. `lost`
    tells of the keys that Zoho stored otherwise than they were written, until somebody takes note."""

    def __init__(self, context: ConnectionContext) -> None:
        self.context = context
        self.auth = build_auth(context)
        self.http = ApiClient(
            context,
            provider=PROVIDER,
            auth=self.auth,
            rules=RULES,
            read_body_error=read_body_error,
            write_timeout=WRITE_TIMEOUT,
        )
        self.writes = 0
        self.lost: list[Finding] = []
        self.counts_itself = False  # the day's calls, as Zoho does not tell
        self._organizations: list[Organization] | None = None
        self._known: Organization | None = None

    # --- organisations

    def organizations(self) -> list[Organization]:
        """All that the user can see; the only list without an organisation and without pages. Asked once."""
        if self._organizations is None:
            self._organizations = parsed(Organization, self._open("GET", "/organizations", {}), "organizations")
            chosen = settings_of(self.context).organization_id
            self._known = next((row for row in self._organizations if row.organization_id == chosen), self._known)
        return self._organizations

    def knows(self, organization: Organization) -> None:
        """What this organisation is, without asking: by its plan and zone its calls are counted, if Zoho does not."""
        self._known = organization

    def organization(self) -> Organization:
        """The one of this connection: as set, else the only active one. Raises ConfigurationError."""
        chosen = settings_of(self.context).organization_id
        rows = self.organizations()
        if chosen:
            fitting = [row for row in rows if row.organization_id == chosen]
        else:
            fitting = [row for row in rows if row.is_org_active]
        if len(fitting) == 1:
            return fitting[0]
        listed = "; ".join(f"{row.organization_id} {row.name}" for row in rows if row.is_org_active) or "none"
        why = f"The user is not in the organisation {chosen}." if chosen else "The user has several organisations."
        raise ConfigurationError(f"{why if rows else 'The user has none.'} Choose one of: {listed}.", provider=PROVIDER)

    @property
    def company(self) -> str:
        """The id of this connection's organisation; asked for only where none is set."""
        return settings_of(self.context).organization_id or self.organization().organization_id

    def spare(self) -> None:
        """To be asked before lists are read: the last calls of a day are for posting. Raises RateLimitedError."""
        told = self.context.budget.left() if self.context.budget else None
        if told and told[0] < told[1] * KEPT_FOR_POSTING:
            raise RateLimitedError(
                f"{told[0]} of the day's {told[1]} calls are left; they are kept for posting.",
                retry_after=ASK_AGAIN,
                provider=PROVIDER,
            )

    # --- calls

    def get(self, company: str, path: str, **params: Any) -> Json:
        """Read; safe to repeat."""
        return self._open("GET", path, {"organization_id": self._checked(company), **_told(params)})

    def write(
        self,
        company: str,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        repeatable: bool = False,
        **params: Any,
    ) -> Json:
        """Write once. `repeatable`: doing it twice is doing it once (PUT, DELETE), so it is tried again."""
        answer = self._open(
            method,
            path,
            {"organization_id": self._checked(company), **_told(params)},
            json=body,
            headers=headers,
            writes=True,
            repeatable=repeatable,
        )
        self.lost += lost_keys(body, answer)
        return answer

    def lost_now(self) -> list[Finding]:
        """What was lost since somebody last took note."""
        lost, self.lost = self.lost, []
        return lost

    def upload(self, company: str, path: str, content_type: str, data: bytes) -> Json:
        """A file as a multipart form; done twice, it is there twice."""
        params = {"organization_id": self._checked(company)}
        return self._open("POST", path, params, data=data, headers={"Content-Type": content_type}, writes=True)

    def rows(self, kind: type[R], company: str, path: str, key: str, **params: Any) -> list[R]:
        """All rows of a list."""
        return [row for page in self.pages(kind, company, path, key, **params) for row in page]

    def pages(
        self, kind: type[R], company: str, path: str, key: str, *, per_page: int = PAGE, **params: Any
    ) -> Iterator[list[R]]:
        """A list page by page, each row once: pages shift when somebody writes meanwhile."""
        seen: set[str] = set()
        for number in range(1, MOST_PAGES):
            answer = self.get(company, path, page=number, per_page=per_page, **params)
            page = [row for row in parsed(kind, answer, key) if row.key not in seen]
            seen.update(row.key for row in page)
            if page:
                yield page
            if not has_more(answer):
                return
        raise PayloadError(f"The list {path} has no end.")

    def first(self, kind: type[R], company: str, path: str, key: str, **params: Any) -> list[R]:
        """The first page of a list."""
        return parsed(kind, self.get(company, path, page=1, per_page=PAGE, **params), key)

    # --- one call

    def _open(self, method: str, path: str, params: Mapping[str, Any], *, writes: bool = False, **options: Any) -> Json:
        try:
            return self._tried(method, path, params, writes=writes, **options)
        except DayUsedUpError as error:
            self._note_empty(error)
            raise
        except OutcomeUnknownError:
            self.writes += 1
            raise

    def _tried(self, method: str, path: str, params: Mapping[str, Any], *, writes: bool, **options: Any) -> Json:
        for attempt in (1, 2):
            response = self.http.request(method, BASE + path, params=params, writes=writes, **options)
            self._note_budget(response)
            body = response.json()
            if not isinstance(body, dict) or "code" not in body:
                raise self._unreadable(response)
            if str(body["code"]) == "0":
                self.writes += writes
                return body
            error = self._refused(response)
            if attempt == 1 and isinstance(error, AuthenticationError) and self.auth.refreshed(response):
                continue
            break
        raise error

    def _refused(self, response: ApiResponse) -> ConnectorError:
        """A refusal inside a success. Of a code that nobody knows, a write may be half done."""
        code, message = read_body_error(response)
        error = self.http.error(response, code, message)
        if isinstance(error, RateLimitedError):
            self.context.limiter.closed(error.retry_after)
        if isinstance(error, TooManyAtOnceError) and (crowded := getattr(self.context.limiter, "crowded", None)):
            crowded()
        if isinstance(error, RejectedError) and response.is_write and code not in KNOWN_CODES:
            return OutcomeUnknownError(error.message, detail=error.detail, provider=PROVIDER, status=response.status)
        return error

    def _unreadable(self, response: ApiResponse) -> ConnectorError:
        sentence = "Zoho answered with something that is no answer of its API."
        if response.is_write:
            return OutcomeUnknownError(sentence, provider=PROVIDER, status=response.status)
        return PayloadError(sentence, provider=PROVIDER, status=response.status)

    def _note_budget(self, response: ApiResponse) -> None:
        """The day's rest, where the organisation is told it: the headers are optional (observed 2026-09). Where it is
        not, each of our calls is one less of its plan's."""
        told = [response.headers.get(name, "") for name in ("X-Rate-Limit-Remaining", "X-Rate-Limit-Limit", RESET)]
        if self.context.budget is None:
            return
        self.counts_itself = not all(one.isdigit() for one in told)
        if not self.counts_itself:
            left, allowed, seconds = (int(one[:9]) for one in told)
            self.context.budget.noted(left, allowed, seconds)
        elif self._known is not None and (calls := calls_a_day(self._known)):
            rest = day_left(self._known, self.context.now())
            if rest is not None:
                self.context.budget.counted(calls, int(rest.total_seconds()))

    def _note_empty(self, error: DayUsedUpError) -> None:
        """Nothing is left, also where other programs used it up and no header told."""
        now = self.context.now()
        if error.retry_after == UNTOLD and self._known is not None:
            error.retry_after = day_left(self._known, now) or UNTOLD
            self.context.limiter.closed(error.retry_after)
        zone = (zone_named(self._known.time_zone) if self._known else None) or UTC
        anew = (now + error.retry_after).astimezone(zone)
        error.message = f"{error.message} They begin anew at {anew:%Y-%m-%d %H:%M %Z}."
        told = self.context.budget.left() if self.context.budget else None
        if self.context.budget is not None and told:
            self.context.budget.noted(0, told[1], int(error.retry_after.total_seconds()))

    def _checked(self, company: str) -> str:
        chosen = settings_of(self.context).organization_id
        if not company.isdigit() or (chosen and company != chosen):
            raise ConfigurationError(f"{company!r} is not the organisation of this connection.", provider=PROVIDER)
        return company


def has_more(answer: Json) -> bool:
    """Whether a list goes on after this page."""
    context = answer.get("page_context")
    return isinstance(context, dict) and context.get("has_more_page") is True


def parsed(kind: type[R], answer: Json, key: str) -> list[R]:
    """The rows under a key. Raises PayloadError when it is missing or a row is not as documented."""
    try:
        return [kind.model_validate(row) for row in answer[key]]
    except (KeyError, TypeError, ValidationError) as error:
        raise PayloadError(f"Zoho's list {key} is not as documented.", detail=str(error), provider=PROVIDER) from error


def one(kind: type[R], answer: Json, key: str, *, written: bool = False) -> R:
    """The record under a key. Raises PayloadError, after a write OutcomeUnknownError."""
    try:
        return kind.model_validate(answer[key])
    except (KeyError, TypeError, ValidationError) as error:
        sentence = f"Zoho's {key} is not as documented."
        if written:
            raise OutcomeUnknownError(sentence, detail=str(error), provider=PROVIDER) from error
        raise PayloadError(sentence, detail=str(error), provider=PROVIDER) from error


def _told(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if value not in (None, "")}
