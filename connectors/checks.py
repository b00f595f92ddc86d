"""Is a secret within anybody's reach, a page without its tenant, a connection a simulation? Said before it runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connection as database
from django.db.models import Model
from rest_framework.serializers import ModelSerializer
from simple_history.models import registered_models
from simple_history.utils import get_history_model_for_model

from connectors.fields import SecretField
from connectors.models import Connection
from connectors.models.connections import SIMULATOR
from connectors.registry import CONNECTORS, connector_get
from connectors.tenancy import TenantScopedAdmin, tenant_path_of


@register(Tags.security)
def check_secrets(**_: Any) -> list[CheckMessage]:
    """mlc.E101 to E104: no admin page, form, serializer or history can hold a secret."""
    return [*_in_admin(), *_in_forms(), *_in_serializers(), *_in_histories()]


def secret_names(model: type[Model] | None) -> set[str]:
    """The secrets of a model by name."""
    if model is None:
        return set()
    return {field.name for field in model._meta.concrete_fields if isinstance(field, SecretField)}


def _in_admin() -> Iterator[CheckMessage]:
    for model, page in admin.site._registry.items():
        for part in (page, *page.inlines):
            shown = set(_names([getattr(part, name, None) for name in _SHOWN]))
            for secret in sorted(secret_names(getattr(part, "model", model)) & shown):
                yield Error(f"The admin of {model._meta.label} shows the secret {secret}.", obj=part, id="mlc.E101")


_SHOWN = ("fields", "fieldsets", "list_display", "list_editable", "readonly_fields", "search_fields", "list_filter")


def _names(value: Any) -> Iterator[str]:
    """All texts in nested lists and dicts, the first part of look-ups."""
    if isinstance(value, str):
        yield value.strip("^=@").partition("__")[0]
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _names(inner)
    elif isinstance(value, Sequence):
        for inner in value:
            yield from _names(inner)


def _in_forms() -> Iterator[CheckMessage]:
    for form in _subclasses(forms.ModelForm):
        found = secret_names(getattr(form._meta, "model", None)) & set(form.base_fields)
        for secret in sorted(found):
            yield Error(f"The form {form.__qualname__} has the secret {secret} as a field.", obj=form, id="mlc.E102")


def _in_serializers() -> Iterator[CheckMessage]:
    for serializer in _subclasses(ModelSerializer):
        meta = getattr(serializer, "Meta", None)
        secrets = secret_names(getattr(meta, "model", None))
        named = getattr(meta, "fields", None)
        if named is None or named == "__all__":
            shown = secrets - set(getattr(meta, "exclude", None) or ())
        else:
            shown = secrets & set(named)
        shown |= secrets & set(getattr(serializer, "_declared_fields", ()))
        for secret in sorted(shown):
            yield Error(f"{serializer.__qualname__} gives the secret {secret} away.", obj=serializer, id="mlc.E103")


def _in_histories() -> Iterator[CheckMessage]:
    for model in registered_models.values():
        for secret in sorted(secret_names(get_history_model_for_model(model))):
            yield Error(f"The history of {model._meta.label} keeps the secret {secret}.", obj=model, id="mlc.E104")


@register(Tags.admin)
def check_tenants(**_: Any) -> list[CheckMessage]:
    """mlc.E105: every admin page over rows that belong to a tenant is limited to the user's tenants."""
    found: list[CheckMessage] = []
    for model, page in admin.site._registry.items():
        is_closed = isinstance(page, TenantScopedAdmin) or getattr(page, "is_for_superusers", False)
        if tenant_path_of(model) and not is_closed:
            text = f"The admin of {model._meta.label} shows every tenant's rows to everybody."
            found.append(Error(text, hint="Mix in connectors.tenancy.TenantScopedAdmin.", obj=page, id="mlc.E105"))
    return found


@register(Tags.models)
def check_registry(**_: Any) -> list[CheckMessage]:
    """mlc.E106: every vendor of the registry can be imported and is called what the registry calls it."""
    found: list[CheckMessage] = []
    for key in CONNECTORS:
        try:
            descriptor = connector_get(key)
        except (ImportError, AttributeError, AssertionError) as error:
            found.append(Error(f"The connector {key!r} cannot be loaded: {error!r}.", id="mlc.E106"))
            continue
        if descriptor.key != key:
            found.append(Error(f"The connector {key!r} calls itself {descriptor.key!r}.", id="mlc.E106"))
    return found


@register(Tags.database)
def check_simulated_connections(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """mlc.E107: where simulated connections are not allowed, there are none."""
    if not databases or "default" not in databases or settings.MLC_SIMULATED_CONNECTIONS_ALLOWED:
        return []
    if Connection._meta.db_table not in database.introspection.table_names():
        return []  # the first migration has yet to run
    rows = Connection.objects.filter(address__startswith=SIMULATOR, archived_at=None).select_related("tenant")
    return [
        Error(f"The connection {row} of {row.tenant} is a simulation.", hint="Archive it.", obj=row, id="mlc.E107")
        for row in rows
    ]


@register(Tags.security, deploy=True)
def check_private_addresses(**_: Any) -> list[CheckMessage]:
    """mlc.W108: connections may lead into the private network."""
    if not settings.MLC_ALLOW_PRIVATE_ADDRESSES:
        return []
    hint = "Right where a ledger stands in your own network; else set MLC_ALLOW_PRIVATE_ADDRESSES=false."
    return [Warning("Connections may lead into the private network.", hint=hint, id="mlc.W108")]


def _subclasses(base: type[Any]) -> Iterator[type[Any]]:
    for one in base.__subclasses__():
        yield one
        yield from _subclasses(one)
