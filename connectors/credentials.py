"""What do a vendor's credentials look like as data? Merging, checking and fingerprinting, without a database."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError

from connectors.codec import json_load, json_text

SHORTEST_TO_SHOW = 12  # of shorter secrets the last four characters would tell too much


class CredentialsError(ValueError):
    """Values that the vendor's schema refuses: `problems` by field ("" for the whole), never with a value in it."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        super().__init__("; ".join(f"{name}: {text}" if name else text for name, text in self.problems.items()))


def schema_check(schema: type[BaseModel], values: Mapping[str, Any]) -> BaseModel:
    """The values as the schema's model. Raises CredentialsError with all problems at once."""
    try:
        return schema.model_validate(dict(values))
    except ValidationError as error:
        problems: dict[str, str] = {}
        for one in error.errors(include_input=False, include_url=False, include_context=False):
            name = str(one["loc"][0]) if one["loc"] else ""
            problems.setdefault(name, one["msg"].removeprefix("Value error, "))
        raise CredentialsError(problems) from None  # the cause would carry the values


def merged(schema: type[BaseModel], stored: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The stored document with what was given; blank means keep. Unknown stored names are dropped."""
    kept = {name: value for name, value in stored.items() if name in schema.model_fields}
    return kept | {name: value for name, value in given.items() if value not in (None, "")}


def plain_document(credentials: BaseModel) -> dict[str, Any]:
    """The model as JSON values with its secrets in clear: for the one place that encrypts them."""
    document: dict[str, Any] = json_load(credentials.model_dump_json(exclude_none=True))
    for name in type(credentials).model_fields:
        value = getattr(credentials, name)
        if isinstance(value, SecretStr):
            document[name] = value.get_secret_value()
    return document


def fingerprint(document: Mapping[str, Any], key: str) -> str:
    """Tells whether two documents are the same, to nobody without the key."""
    return hmac.new(key.encode(), json_text(document, sort_keys=True).encode(), hashlib.sha256).hexdigest()


def last_four(credentials: BaseModel) -> str:
    """The end of the first secret in the schema that is set and long enough to be recognised and not guessed."""
    for name in type(credentials).model_fields:
        value = getattr(credentials, name)
        if isinstance(value, SecretStr) and len(value.get_secret_value()) >= SHORTEST_TO_SHOW:
            return value.get_secret_value()[-4:]
    return ""
