"""Does `manage.py check` notice a secret within reach, an open page, a simulation in production?"""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django import forms
from django.contrib import admin
from django.db import connection as database
from rest_framework.serializers import ModelSerializer
from unfold.admin import ModelAdmin

from connectors import checks
from connectors.fields import SecretField
from connectors.models import Connection, Credential


def ids(found: list[Any]) -> list[str]:
    return [one.id for one in found]


def test_the_project_as_it_is_keeps_its_secrets_and_its_tenants_apart() -> None:
    assert checks.check_secrets() == []
    assert checks.check_tenants() == []
    assert checks.check_registry() == []


@pytest.fixture
def credential_admin() -> Iterator[type[ModelAdmin]]:
    class CredentialAdmin(ModelAdmin):  # type: ignore[misc]
        pass

    admin.site.register(Credential, CredentialAdmin)
    yield CredentialAdmin
    admin.site.unregister(Credential)


@pytest.mark.parametrize(
    "shown",
    [
        {"list_display": ("connection", "secret")},
        {"readonly_fields": ("secret",)},
        {"fieldsets": ((None, {"fields": ("connection", ("last4", "secret"))}),)},
        {"search_fields": ("secret__icontains",)},
        {"fields": ["secret"]},
    ],
)
def test_an_admin_that_shows_a_secret_is_an_error(credential_admin: type[ModelAdmin], shown: dict[str, Any]) -> None:
    assert "mlc.E101" not in ids(checks.check_secrets())
    for name, value in shown.items():
        setattr(credential_admin, name, value)
    assert ids(checks.check_secrets()) == ["mlc.E101"]


def test_an_admin_without_its_tenant_is_an_error(credential_admin: type[ModelAdmin]) -> None:
    assert ids(checks.check_tenants()) == ["mlc.E105"]


def class_like(**parts: Any) -> SimpleNamespace:
    """What the checks look at of a class; a real subclass would stay known to Django for the rest of the run."""
    return SimpleNamespace(__qualname__="Sample", **parts)


def test_a_form_or_serializer_with_a_secret_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = {
        forms.ModelForm: [
            class_like(_meta=SimpleNamespace(model=Credential), base_fields={"secret": forms.CharField()}),
            class_like(_meta=SimpleNamespace(model=Credential), base_fields={"last4": forms.CharField()}),
            class_like(_meta=SimpleNamespace(), base_fields={"secret": forms.CharField()}),
        ],
        ModelSerializer: [
            class_like(Meta=SimpleNamespace(model=Credential, fields="__all__")),
            class_like(Meta=SimpleNamespace(model=Credential, fields=("secret",))),
            class_like(Meta=SimpleNamespace(model=Credential, fields=()), _declared_fields={"secret": None}),
            class_like(Meta=SimpleNamespace(model=Credential, exclude=("secret",))),
            class_like(),
        ],
    }
    monkeypatch.setattr(checks, "_subclasses", samples.__getitem__)
    assert ids(checks.check_secrets()) == ["mlc.E102", "mlc.E103", "mlc.E103", "mlc.E103"]


def test_a_history_that_keeps_a_secret_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    history = Connection.history.model  # type: ignore[attr-defined]
    monkeypatch.setattr(
        checks, "get_history_model_for_model", lambda model: Credential if model is Connection else history
    )
    assert ids(checks.check_secrets()) == ["mlc.E104"]


def test_a_secret_is_left_out_of_model_forms_and_fixtures() -> None:
    field = Credential._meta.get_field("secret")
    assert isinstance(field, SecretField)
    assert (field.editable, field.serialize) == (False, False)
    assert "secret" not in forms.modelform_factory(Credential, exclude=()).base_fields


def test_a_connector_that_cannot_be_loaded_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(checks.CONNECTORS, "lost", "connectors.lost.connector.CONNECTOR")
    monkeypatch.setitem(checks.CONNECTORS, "misnamed", "tests.connectors.fake.CONNECTOR")
    assert ids(checks.check_registry()) == ["mlc.E106", "mlc.E106"]


def test_simulations_and_private_networks_are_named_for_production(connection: Connection, settings: Any) -> None:
    Connection.objects.update(address="simulator:fake")
    assert checks.check_simulated_connections(databases=["default"]) == []
    settings.MLC_SIMULATED_CONNECTIONS_ALLOWED = False
    assert ids(checks.check_simulated_connections(databases=["default"])) == ["mlc.E107"]
    assert checks.check_simulated_connections(databases=None) == []
    Connection.objects.update(archived_at="2026-01-01T00:00Z")
    assert checks.check_simulated_connections(databases=["default"]) == []
    assert ids(checks.check_private_addresses()) == ["mlc.W108"]
    settings.MLC_ALLOW_PRIVATE_ADDRESSES = False
    assert checks.check_private_addresses() == []


def test_the_check_is_quiet_before_the_first_migration(
    db: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MLC_SIMULATED_CONNECTIONS_ALLOWED = False
    monkeypatch.setattr(database.introspection, "table_names", list)
    assert checks.check_simulated_connections(databases=["default"]) == []
