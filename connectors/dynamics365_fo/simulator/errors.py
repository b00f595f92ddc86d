"""How does the service say no: which status, which body?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .messages import ERROR, INFO, WARNING, segment, text

WRITE_EXCEPTION = "Microsoft.Dynamics.Platform.Integration.Services.OData.AxODataWriteException"
ODATA_EXCEPTION = "Microsoft.OData.ODataException"
STACK = (
    "   at Microsoft.Dynamics.Platform.Integration.Services.OData.Update.UpdateProcessor.CreateEntity_Save("
    "ChangeOperationContext context)\r\n   at Microsoft.Dynamics.Platform.Integration.Services.OData."
    "ChangeSetExecutor.Execute()"
)


@dataclass(slots=True)
class RefusedError(Exception):
    """An answer that is not a success. `body` None sends no body; a text is sent as it is."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


def envelope(message: str, kind: str, stack: str = STACK) -> dict[str, Any]:
    """The one error body of the service: all information is in the inner message."""
    inner = {"message": message, "type": kind, "stacktrace": stack}
    return {"error": {"code": "", "message": "An error has occurred.", "innererror": inner}}


def bad_request(message: str) -> RefusedError:
    """What the OData layer itself refuses: malformed JSON, unknown fields, a filter it cannot read."""
    return RefusedError(400, envelope(message, ODATA_EXCEPTION))


def unknown_property(name: str, type_name: str) -> RefusedError:
    return bad_request(
        f"The property '{name}' does not exist on type 'Microsoft.Dynamics.DataEntities.{type_name}'. "
        "Make sure to only use property names that are defined by the type."
    )


def no_route(url: str) -> RefusedError:
    """An unknown set, or a key that does not have the set's fields."""
    message = (
        f"No HTTP resource was found that matches the request URI '{url}'. No route data was found for this request."
    )
    return RefusedError(404, {"Message": message})


def forbidden() -> RefusedError:
    return RefusedError(403, envelope("Access denied.", "System.UnauthorizedAccessException", ""))


@dataclass(slots=True)
class Infolog:
    """The messages of one failing write. `fail` raises them as the service does."""

    entity: str
    language: str
    status: int
    lines: list[str] = field(default_factory=list)

    def add(self, kind: str, name: str, **values: object) -> Infolog:
        self.lines.append(segment(kind, text(name, self.language, **values), self.language))
        return self

    def warn(self, name: str, **values: object) -> Infolog:
        return self.add(WARNING, name, **values)

    def field(self, field_name: str) -> Infolog:
        """The closing words after a field was refused."""
        return self.add(WARNING, "validate_field", place=f"{self.entity}.{field_name}")

    def refusal(self) -> RefusedError:
        infolog = "; ".join(self.lines)
        message = text("write_failed", self.language, entity=self.entity, infolog=infolog)
        return RefusedError(self.status, envelope(message, WRITE_EXCEPTION))


__all__ = [
    "ERROR",
    "INFO",
    "WARNING",
    "Infolog",
    "RefusedError",
    "bad_request",
    "envelope",
    "forbidden",
    "no_route",
    "unknown_property",
]
