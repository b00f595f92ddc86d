"""What do tests start from? Tenants, people and connections, made as the services make them; others add theirs."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User

from connectors.models import Connection, Membership, Role, Tenant
from connectors.services import connection_create, credentials_replace

_numbers = itertools.count(1)

CREDENTIALS: dict[str, dict[str, Any]] = {
    "brex": {"user_token": "bxt_test_0123456789abcdef"},
    "odoo": {"database": "books", "api_key": "0123456789abcdef0123456789abcdef01234567"},
}


def tenant_make(slug: str = "", **fields: Any) -> Tenant:
    """A tenant; its name is made of the slug."""
    slug = slug or f"tenant-{next(_numbers)}"
    return Tenant.objects.create(**{"name": slug.replace("-", " ").title(), "slug": slug, **fields})


def user_make(tenant: Tenant | None = None, role: Role = Role.ADMINISTRATOR, **fields: Any) -> User:
    """A person who may enter the admin, with a role in one tenant, or in none."""
    name = f"{role.value}-{next(_numbers)}"
    user = get_user_model().objects.create_user(**{"username": name, "password": "secret", "is_staff": True, **fields})
    if tenant:
        Membership.objects.create(user=user, tenant=tenant, role=role)
    return user


def superuser_make() -> User:
    return get_user_model().objects.create_superuser(f"super-{next(_numbers)}", password="secret")


def connection_make(
    tenant: Tenant,
    vendor: str = "brex",
    *,
    name: str = "",
    address: str = "",
    identity: str = "",
    state: str = "",
    credentials: Mapping[str, Any] | None = None,
    chosen: Mapping[str, Any] | None = None,
) -> Connection:
    """A connection with credentials; `state` is set as it is, without a test of the connection."""
    connection = connection_create(
        tenant=tenant,
        vendor=vendor,
        name=name or f"{vendor} {next(_numbers)}",
        address=address or f"simulator:{vendor}",
        identity=identity,
        chosen=chosen,
    )
    credentials_replace(connection, CREDENTIALS[vendor] if credentials is None else credentials)
    if state:
        Connection.objects.filter(pk=connection.pk).update(state=state)
    connection.refresh_from_db()
    return connection
