"""How does a new key take over? Put it first in CREDENTIAL_KEYS, run this, then take the old ones out."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.db.models import Model

from connectors.errors import DecryptionError
from connectors.fields import Sealed, SecretField


class Command(BaseCommand):
    """Safe to repeat and to stop at any time: each row is rewritten under its own lock, plain texts stay the same."""

    help = "Encrypt every stored secret anew under the first key of CREDENTIAL_KEYS."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="only count what is not under the first key")

    def handle(self, *args: Any, **options: Any) -> None:
        lost: list[str] = []
        counts: Counter[str] = Counter()
        for model, fields in secret_fields():
            for pk in model._default_manager.order_by("pk").values_list("pk", flat=True).iterator():
                with transaction.atomic():
                    row = model._default_manager.select_for_update().filter(pk=pk).first()
                    for field in fields if row is not None else ():
                        try:
                            counts[_rotate(row, field, is_dry=options["check"])] += 1
                        except DecryptionError as error:
                            lost.append(f"{model._meta.label} {pk}: {error.message}")
        verb = "to rotate" if options["check"] else "rotated"
        self.stdout.write(
            f"{counts['old']} {verb}, {counts['current']} already under the first key, {len(lost)} unreadable."
        )
        if lost:
            raise CommandError("\n".join(["These cannot be read; keep all keys and look into it:", *lost]))


def secret_fields() -> list[tuple[type[Model], list[SecretField]]]:
    """Every model of the installation with secrets in it."""
    found = []
    for model in apps.get_models():
        fields = [field for field in model._meta.concrete_fields if isinstance(field, SecretField)]
        if fields:
            found.append((model, fields))
    return found


def _rotate(row: Any, field: SecretField, *, is_dry: bool) -> str:
    """What was found: empty, current or old, and rewritten unless dry. Raises DecryptionError."""
    value = getattr(row, field.attname)
    if not isinstance(value, Sealed):
        return "empty"
    if _is_current(value):
        field.reveal(row)
        return "current"
    rotated = field.rotated(row)
    if not is_dry:
        type(row)._default_manager.filter(pk=row.pk).update(**{field.attname: rotated})
    return "old"


def _is_current(value: Sealed) -> bool:
    try:
        Fernet(settings.CREDENTIAL_KEYS[0]).decrypt(value.encode())
    except InvalidToken:
        return False
    return True
