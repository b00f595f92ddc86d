"""Who sees what? Tenants of a user, roles, scoped querysets, and foreign keys that cannot mix two tenants."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import migrations
from django.db.models import Model, QuerySet

from connectors.models import Membership, Role, Tenant

Person = AbstractBaseUser | AnonymousUser


def tenants_of(user: Person) -> QuerySet[Tenant]:
    """The tenants a user may see, read from the database each time; a superuser sees all."""
    if _is_superuser(user):
        return Tenant.objects.all()
    if not getattr(user, "is_active", False) or user.pk is None:
        return Tenant.objects.none()
    return Tenant.objects.filter(pk__in=Membership.objects.filter(user_id=user.pk).values("tenant_id"))


def roles_of(user: Person, tenant_id: int) -> frozenset[str]:
    """The user's roles in a tenant; a superuser is its administrator."""
    if _is_superuser(user):
        return frozenset({Role.ADMINISTRATOR.value})
    if not getattr(user, "is_active", False) or user.pk is None:
        return frozenset()
    return frozenset(Membership.objects.filter(user_id=user.pk, tenant_id=tenant_id).values_list("role", flat=True))


def has_role(user: Person, tenant_id: int, roles: Iterable[str]) -> bool:
    """Whether the user has one of the roles in a tenant. An administrator has them all."""
    return bool(roles_of(user, tenant_id) & {*roles, Role.ADMINISTRATOR})


def has_role_anywhere(user: Person, roles: Iterable[str]) -> bool:
    """Whether the user has one of the roles in some tenant: decides about menus and lists, never about a row."""
    if _is_superuser(user):
        return True
    if not getattr(user, "is_active", False) or user.pk is None:
        return False
    return Membership.objects.filter(user_id=user.pk, role__in={*roles, Role.ADMINISTRATOR}).exists()


def scoped(queryset: QuerySet[Any], user: Person, path: str) -> QuerySet[Any]:
    """The rows whose tenant, found along `path` ("tenant", "connection__tenant", "pk" for tenants), the user sees."""
    if _is_superuser(user):
        return queryset
    return queryset.filter(**{f"{path}__in": tenants_of(user)})


def tenant_id_of(row: Model, path: str) -> int | None:
    """The tenant of a row, found along the same `path`."""
    value: Any = row
    *steps, last = path.split("__")
    for step in steps:
        value = getattr(value, step, None)
        if value is None:
            return None
    if last == "pk":
        return getattr(value, "pk", None)
    found = getattr(value, f"{last}_id", None)
    return found if isinstance(found, int) else None


def tenant_fk(table: str, column: str, parent_table: str, *, tenant_column: str = "tenant_id") -> migrations.RunSQL:
    """A migration operation: the row that `column` points at belongs to the same tenant, or the database refuses.

    The parent needs a unique constraint on (id, tenant_id). Deferred to the commit like Django's own foreign keys; a
    NULL in either column is let through."""
    name = f"{table}_{column}_tenant_fk"
    if len(name) > 63:
        raise ValueError(f"{name} is longer than a name may be in PostgreSQL.")
    return migrations.RunSQL(
        f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" FOREIGN KEY ("{column}", "{tenant_column}") '
        f'REFERENCES "{parent_table}" ("id", "tenant_id") DEFERRABLE INITIALLY DEFERRED',
        f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"',
    )


def _is_superuser(user: Person) -> bool:
    return bool(getattr(user, "is_active", False) and getattr(user, "is_superuser", False))
