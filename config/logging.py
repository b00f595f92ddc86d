"""How do log lines look, and how is it made sure that no secret is in them?

One logger per module, constant messages, facts as fields. Lines are JSON in production and readable in a trial; both go
through the same redaction, whoever logs.
"""

from __future__ import annotations

import logging.config
import re
import uuid
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

import structlog
from django.http import HttpRequest
from django.http.response import HttpResponseBase

HIDDEN = "[hidden]"
_SECRET_NAME = re.compile(
    r"authorization|cookie|password|passwd|secret|token|api[-_]?key|private[-_]?key|credential|signature|fernet|dsn",
    re.IGNORECASE,
)
# Counters and times speak about a token without being one.
_HARMLESS_NAME = re.compile(
    r"_(at|on|id|in|count|kind|type|state|version|fingerprint|last4)$|csrf_cookie", re.IGNORECASE
)
_SECRET_TEXT = [
    (re.compile(r"(?i)\b(bearer|basic|zoho-oauthtoken)\s+[\w\-.~+/=|:]{6,}"), r"\1 " + HIDDEN),
    (re.compile(r"(?<=://)([^/\s:@]*):([^/\s@]+)@"), r"\1:" + HIDDEN + "@"),
    (re.compile(r"\bgAAAAA[\w\-=]{20,}"), HIDDEN),  # a Fernet token
    (re.compile(r"\bwhsec_[\w+/=]{8,}"), HIDDEN),
    (re.compile(r"\bbxt_[\w\-]{8,}"), HIDDEN),  # a Brex user token
    (re.compile(r"\beyJ[\w\-]{8,}\.[\w\-]{8,}\.[\w\-]*"), HIDDEN),  # a JSON web token
    (
        re.compile(
            r"(?i)([\"']?\b[\w\-]*(?:password|secret|token|api[-_]?key)[\"']?\s*[=:]\s*[\"']?)([^\s\"'&,;}]{4,})"
        ),
        r"\1" + HIDDEN,
    ),
]
EventDict = MutableMapping[str, Any]


def redacted(value: Any) -> Any:
    """``value`` without secrets: fields are judged by their names, texts by what they look like."""
    if isinstance(value, str):
        for pattern, replacement in _SECRET_TEXT:
            value = pattern.sub(replacement, value)
        return value
    if isinstance(value, Mapping):
        return {key: HIDDEN if _is_secret(str(key), item) else redacted(item) for key, item in value.items()}
    if isinstance(value, bytes):
        return redacted(value.decode(errors="replace"))
    if isinstance(value, list | tuple | set | frozenset):
        return [redacted(item) for item in value]
    return value


def _is_secret(name: str, value: object) -> bool:
    is_named_so = bool(_SECRET_NAME.search(name)) and not _HARMLESS_NAME.search(name)
    return is_named_so and value is not None and not isinstance(value, bool)


def redact(_logger: object, _method: str, event: EventDict) -> EventDict:
    """The structlog processor; stands after all that add text, tracebacks included."""
    internal = {key: event.pop(key) for key in ("_record", "_from_structlog") if key in event}
    return {**redacted(event), **internal}


def _shared() -> list[Callable[..., Any]]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        structlog.processors.UnicodeDecoder(),
    ]


def logging_config(log_format: str, level: str) -> dict[str, Any]:
    """The dictionary for ``logging.config``: one handler on standard error, one formatter, ``json`` or ``console``."""
    renderer: Callable[..., Any] = structlog.processors.JSONRenderer(default=str)
    if log_format == "console":
        renderer = structlog.dev.ConsoleRenderer(colors=False)
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _shared(),
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, redact, renderer],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"level": level},
            "django.server": {"handlers": ["stderr"], "level": level, "propagate": False},
            "celery": {"level": level},
            "gunicorn.error": {"level": "WARNING", "handlers": [], "propagate": True},
            # These two tell of every tick and every message, which is noise here: the rows tell what was done.
            "celery.beat": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
            "django_celery_beat": {"level": "WARNING"},
            "axes": {"level": "WARNING"},
            "urllib3": {"level": "WARNING"},
        },
    }


def configure(config: dict[str, Any]) -> None:
    """Set up the standard library's logging and structlog on top of it. Safe to repeat."""
    logging.config.dictConfig(config)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


class RequestLogMiddleware:
    """Binds a request's id, method and path to every line logged while it is served, and answers with the id."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request_id = uuid.uuid4().hex
        with structlog.contextvars.bound_contextvars(request_id=request_id, method=request.method, path=request.path):
            response = self.get_response(request)
        response["X-Request-Id"] = request_id
        return response
