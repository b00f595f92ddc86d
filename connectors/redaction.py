"""What of an exchange may be kept? Bodies cut to size, secrets masked by name and by value."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, SecretBytes, SecretStr

LONGEST_BODY = 4096
MASK = "***"

# Parts of names that a secret may have; looked for as plain texts first, which costs a hundredth of the patterns.
_WORDS = (
    *("token", "secret", "passw", "pwd", "apikey", "api_key", "authorization", "credential", "assertion"),
    *("private_key", "signature", "code_verifier", "accountnumber", "account_number", "routingnumber"),
    *("routing_number", "iban", "cardnumber", "card_number", "cvv", "social_security"),
    *("federaltaxid", "federal_tax_id", "taxexemptnumber", "organizationnumber"),
)
_NAME = rf"[^\"&=<>\s\\]*(?:{'|'.join(_WORDS)})[^\"&=<>\s\\]*"
_JSON = re.compile(
    rf'(?i)(\\*"{_NAME}\\*"\s*:\s*)(\\*"(?:[^"\\]|\\.)*"?|\[[^\]]*\]?|\{{[^}}]*\}}?|[^,}}\]\s]+)',
)
_FORM = re.compile(rf"(?i)((?:^|[&?;]){_NAME}=)[^&\s]*")
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}")


class Redactor:
    """Masks the secrets of one connection wherever they stand, and everything that is called like a secret."""

    def __init__(self, credentials: BaseModel | None) -> None:
        self.values = sorted(set(secret_values(credentials)), key=len, reverse=True)

    def text(self, text: str, limit: int = LONGEST_BODY) -> str:
        """At most `limit` characters, masked. Masks first around the cut, so that no half of a secret is left."""
        text = text[: limit + 2048]
        for value in self.values:
            text = text.replace(value, MASK)
        low = text.lower()
        if any(word in low for word in _WORDS):
            text = _JSON.sub(rf'\1"{MASK}"', text)
            text = _FORM.sub(rf"\1{MASK}", text)
        if "bearer" in low or "basic" in low:
            text = _BEARER.sub(rf"\1 {MASK}", text)
        return text[:limit]

    def body(self, content: bytes | str | None) -> str:
        """A body as it may be kept: text masked and cut, anything else as its size."""
        if not content:
            return ""
        if isinstance(content, str):
            return self.text(content)
        try:
            start = codecs.getincrementaldecoder("utf-8")().decode(
                content[: LONGEST_BODY * 4]
            )  # a cut sign is left out
            return self.text(start)
        except UnicodeDecodeError:
            return f"<{len(content)} bytes>"


def secret_values(value: Any) -> Iterator[str]:
    """The plain texts of all secrets in a pydantic model that are long enough to be told from ordinary words."""
    if isinstance(value, SecretStr):
        if len(value.get_secret_value()) >= 6:
            yield value.get_secret_value()
    elif isinstance(value, SecretBytes):
        yield value.get_secret_value().decode("utf-8", "replace")
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from secret_values(getattr(value, name))
    elif isinstance(value, dict):
        for inner in value.values():
            yield from secret_values(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from secret_values(inner)
