"""Who can sign in to the demo, and with which password?"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.auth import get_user_model

from connectors.models import Role

SUPERUSER = "admin"
MEANINGS: Mapping[str, str] = {
    SUPERUSER: "superuser: everything, of every tenant",
    Role.ADMINISTRATOR: "connections, credentials, schedules, people",
    Role.FINANCE: "mappings, gaps, held records",
    Role.OPERATIONS: "problems, replays, webhooks",
    Role.AUDITOR: "reads everything, changes nothing",
}


@dataclass(frozen=True, slots=True)
class Login:
    """One person of the demo; `password` is known only because it was made just now."""

    user: str
    password: str
    may: str


def people_make() -> list[Login]:
    """A superuser and one person for each role, with fresh passwords. Roles come with the set-up file."""
    made = []
    for name, meaning in MEANINGS.items():
        password = secrets.token_urlsafe(12)
        is_superuser = name == SUPERUSER
        user, _ = get_user_model().objects.get_or_create(username=str(name))
        user.is_staff, user.is_superuser = True, is_superuser
        user.set_password(password)
        user.save()
        made.append(Login(str(name), password, meaning))
    return made
