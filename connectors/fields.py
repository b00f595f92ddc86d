"""How do secrets and exact numbers live in a column? SecretField and DecimalJSONField."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, cast

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import models
from encrypted_fields.fields import EncryptedFieldMixin

from connectors.codec import json_text
from connectors.errors import DecryptionError

LARGEST_EXPONENT = 1000  # PostgreSQL's numeric ends at 131,072 digits; no amount comes near


class Sealed(str):
    """What a SecretField holds after loading: the encrypted text, which no form, page or log can do harm with."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<sealed>"


class SecretField(EncryptedFieldMixin, models.TextField):  # type: ignore[misc,type-arg]
    """Text that is encrypted with settings.CREDENTIAL_KEYS (the first key writes, all read), bound to its row.

    Assign a plain text and save the row; loaded rows hold it `Sealed`, and only `reveal(row)` decrypts it. The
    envelope names model, field and the value of `bound_to` (a column known before the insert), so that a text copied
    to another row raises DecryptionError instead of being used there. NULL is the only value stored in clear; no
    look-up but isnull; `QuerySet.update` takes None alone; fixtures leave the field out.

    Departs from the package's mixin on purpose: that one decrypts in validation, returns the encrypted text when the
    key is wrong, stores "" as NULL and derives its keys from SECRET_KEY."""

    def __init__(self, *args: Any, bound_to: str = "pk", **kwargs: Any) -> None:
        self.bound_to = bound_to
        kwargs["serialize"] = False
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("serialize", None)
        return name, path, args, {**kwargs, "bound_to": self.bound_to}

    @property
    def f(self) -> MultiFernet:
        return key_ring(tuple(settings.CREDENTIAL_KEYS))

    def reveal(self, row: models.Model) -> str | None:
        """The plain text of a row's field. Raises DecryptionError: key lost, text damaged, or another row's."""
        value = getattr(row, self.attname)
        if not isinstance(value, Sealed):
            return cast("str | None", value)
        try:
            binding, _, plain = self.f.decrypt(value.encode()).decode().partition("\0")
        except (InvalidToken, UnicodeError) as error:
            raise DecryptionError(
                f"The stored {self.verbose_name} cannot be read: none of the keys in CREDENTIAL_KEYS fits."
            ) from error
        if binding != self._binding(row):
            raise DecryptionError(f"The stored {self.verbose_name} belongs to another row; enter it again.")
        return plain

    def rotated(self, row: models.Model) -> Sealed | None:
        """The stored text under the first key of the ring, binding and plain text untouched."""
        value = getattr(row, self.attname)
        if not isinstance(value, Sealed):
            return None
        self.reveal(row)
        return Sealed(self.f.rotate(value.encode()).decode())

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = getattr(model_instance, self.attname)
        if value is None or isinstance(value, Sealed):
            return value
        if not isinstance(value, str):
            raise TypeError(f"{self.name} takes a text, not {type(value).__name__}.")
        sealed = Sealed(self.f.encrypt(f"{self._binding(model_instance)}\0{value}".encode()).decode())
        setattr(model_instance, self.attname, sealed)
        return sealed

    def get_prep_value(self, value: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, Sealed):
            return str(value)
        raise FieldError(f"{self.name} is a secret: set it on a row and save the row.")

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return None if value is None else Sealed(value)

    def to_python(self, value: Any) -> Any:
        return value

    def clean(self, value: Any, model_instance: models.Model | None) -> Any:
        return models.TextField.clean(self, value, model_instance)

    def get_lookup(self, lookup_name: str) -> Any:
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None

    def get_transform(self, lookup_name: str) -> Any:
        return None

    def _binding(self, row: models.Model) -> str:
        bound = getattr(row, self.bound_to)
        if bound in (None, ""):
            raise DecryptionError(f"{self.name} needs {self.bound_to} before it can be encrypted.")
        return f"{self.model._meta.label_lower}.{self.name}:{bound}"


def reveal(row: models.Model, name: str) -> str | None:
    """The plain text of the secret `name` of a row; see `SecretField.reveal`."""
    field = row._meta.get_field(name)
    if not isinstance(field, SecretField):
        raise TypeError(f"{name} is no secret.")
    return field.reveal(row)


@lru_cache(maxsize=8)
def key_ring(keys: tuple[str, ...]) -> MultiFernet:
    """The keys of CREDENTIAL_KEYS (32 bytes each, URL-safe base64). Raises ImproperlyConfigured."""
    if not keys:
        raise ImproperlyConfigured("CREDENTIAL_KEYS is empty: secrets can neither be stored nor read.")
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError as error:
        raise ImproperlyConfigured("A key in CREDENTIAL_KEYS is not 32 bytes of URL-safe base64.") from error


class DecimalEncoder(json.JSONEncoder):
    """Writes Decimals as JSON numbers and only what PostgreSQL's jsonb can hold.

    NUL characters and halves of surrogate pairs become U+FFFD, numbers beyond any amount become text."""

    def encode(self, o: Any) -> str:
        text = json_text(o)
        is_plain = text.isascii() and "E+" not in text and "E-" not in text
        if "\\u0000" in text or not (is_plain or _ODD.search(text) is None):
            text = json_text(_storable(o))
        return text


class DecimalDecoder(json.JSONDecoder):
    """Reads numbers with a point as Decimal."""

    def __init__(self, **options: Any) -> None:
        super().__init__(parse_float=Decimal, **options)


class DecimalJSONField(models.JSONField):
    """A jsonb column without floats: Decimals go in and come out digit for digit, as JSON numbers."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["encoder"] = DecimalEncoder
        kwargs["decoder"] = DecimalDecoder
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["encoder"], kwargs["decoder"]
        return name, path, args, kwargs


_ODD = re.compile("[\ud800-\udfff]|E[+-][0-9]{3,}")


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return re.sub("[\0\ud800-\udfff]", "\ufffd", value)
    if isinstance(value, Decimal):
        exponent = value.as_tuple().exponent
        is_large = not isinstance(exponent, int) or max(abs(exponent), abs(value.adjusted())) > LARGEST_EXPONENT
        return str(value) if is_large else value
    if isinstance(value, Mapping):
        return {_storable(key): _storable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(inner) for inner in value]
    return value
