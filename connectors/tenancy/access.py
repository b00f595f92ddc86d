"""Who sees what? The tenants of a user, his roles in them, and querysets cut down to them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
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


def tenants_with_role(user: Person, roles: Iterable[str]) -> QuerySet[Tenant]:
    """The tenants in which the user has one of the roles, or is the administrator."""
    if _is_superuser(user) or not getattr(user, "is_active", False) or user.pk is None:
        return tenants_of(user)
    held = Membership.objects.filter(user_id=user.pk, role__in={*roles, Role.ADMINISTRATOR})
    return Tenant.objects.filter(pk__in=held.values("tenant_id"))


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


def _is_superuser(user: Person) -> bool:
    return bool(getattr(user, "is_active", False) and getattr(user, "is_superuser", False))
