"""How do a vendor's pydantic schemas become form fields? Secrets go in and never come out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from django import forms
from django.core.exceptions import ValidationError
from pydantic import BaseModel, SecretStr
from pydantic_core import PydanticUndefined
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from connectors.credentials import CredentialsError
from connectors.emphasis import emphasised
from connectors.models import Connection
from connectors.registry import connector_get
from connectors.services import connection_check, credentials_check, settings_check
from connectors.tenancy.admin import TenantScopedForm

CREDENTIAL = "credential_"
SETTING = "setting_"
KEPT = "Stored; leave blank to keep."


def schema_fields(
    schema: type[BaseModel],
    prefix: str,
    shown: Mapping[str, Any] | None,
    *,
    is_stored: bool = False,
    offered: Mapping[str, Sequence[Sequence[str]]] | None = None,
) -> dict[str, forms.Field]:
    """One optional form field per field of a schema. `shown` are the values to fill in; None for credentials, which
    are never filled in, secret or not. What is required is for the schema to say, `offered` what may be chosen."""
    made = {}
    for name, info in schema.model_fields.items():
        choices = (offered or {}).get(name)
        field = _offered(choices, shown or {}, name) if choices else _form_field(_core_type(info.annotation))
        field.label = info.title or name.replace("_", " ").capitalize()
        field.help_text = emphasised(info.description or "")
        if shown is None:
            if is_stored:
                field.widget.attrs["placeholder"] = KEPT
        else:
            field.initial = shown.get(name, None if info.default is PydanticUndefined else info.default)
        made[prefix + name] = field
    return made


def _core_type(annotation: Any) -> Any:
    """The type inside Optional and Annotated."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _core_type(get_args(annotation)[0])
    if origin in (Union, UnionType):
        inner = [one for one in get_args(annotation) if one is not type(None)]
        return _core_type(inner[0]) if len(inner) == 1 else str
    return annotation


def _form_field(kind: Any) -> forms.Field:
    if get_origin(kind) is Literal:
        return _choice_field([(str(one), str(one)) for one in get_args(kind)])
    if not isinstance(kind, type):
        return forms.CharField(required=False, widget=UnfoldAdminTextInputWidget())
    if issubclass(kind, SecretStr):
        widget = UnfoldAdminPasswordWidget(render_value=False, attrs={"autocomplete": "new-password"})
        return forms.CharField(required=False, widget=widget)
    if issubclass(kind, Enum):
        return _choice_field([(str(one.value), one.name.replace("_", " ").capitalize()) for one in kind])
    if issubclass(kind, bool):
        return forms.BooleanField(required=False, widget=UnfoldBooleanSwitchWidget())
    if issubclass(kind, int):
        return forms.IntegerField(required=False, widget=UnfoldAdminIntegerFieldWidget())
    if issubclass(kind, Decimal):
        return forms.DecimalField(required=False, widget=UnfoldAdminDecimalFieldWidget())
    if issubclass(kind, date):
        return forms.DateField(required=False, widget=UnfoldAdminSingleDateWidget())
    return forms.CharField(required=False, widget=UnfoldAdminTextInputWidget())


def _offered(choices: Sequence[Sequence[str]], shown: Mapping[str, Any], name: str) -> forms.Field:
    """What the vendor offered at the last test, and what is set, be it offered or not."""
    found = {str(value): f"{label} ({value})" for value, label in choices}
    if current := str(shown.get(name) or ""):
        found.setdefault(current, current)
    return _choice_field(list(found.items()))


def _choice_field(choices: list[tuple[str, str]]) -> forms.Field:
    return forms.ChoiceField(required=False, choices=[("", "-"), *choices], widget=UnfoldAdminSelectWidget())


class ConnectionForm(TenantScopedForm):
    """A connection with its vendor's own fields, once the vendor is known: first the vendor is chosen and saved."""

    forget_stored = forms.BooleanField(
        required=False,
        label="Forget what is stored",
        help_text="The credentials above replace the stored ones as a whole; blank then means none.",
        widget=UnfoldBooleanSwitchWidget(),
    )

    class Meta:
        model = Connection
        fields = ("tenant", "vendor", "name", "address", "identity")

    def clean(self) -> dict[str, Any]:
        """All problems at once, each at its field: the connection's own, its settings', its credentials'."""
        data = super().clean() or self.cleaned_data
        row = self.instance
        if self.errors or not (row.pk or data.get("vendor")):
            return data
        planned = Connection(pk=row.pk, tenant=row.tenant if row.pk else data["tenant"], state=row.state)
        planned._state.adding = row.pk is None
        planned.vendor = row.vendor if row.pk else data["vendor"]
        planned.name, planned.address, planned.identity = data["name"], data["address"], data.get("identity", "")
        try:
            connection_check(planned)
        except ValidationError as error:
            for name, texts in error.message_dict.items():
                self.add_error(name if name in self.fields else None, texts)
        data["address"] = planned.address
        for prefix, check in ((SETTING, self._check_settings), (CREDENTIAL, self._check_credentials)):
            try:
                check(planned)
            except CredentialsError as error:
                for name, text in error.problems.items():
                    self.add_error(prefix + name if prefix + name in self.fields else None, text)
        return data

    def _check_settings(self, planned: Connection) -> None:
        if (chosen := self.chosen()) is not None:
            settings_check(planned.vendor, chosen)

    def _check_credentials(self, planned: Connection) -> None:
        forget = bool(self.cleaned_data.get("forget_stored"))
        if self.given() or forget:
            credentials_check(planned, self.given(), keep=not forget)

    def given(self) -> dict[str, Any]:
        """The credentials that were typed in."""
        return {name: value for name, value in self._under(CREDENTIAL).items() if value not in (None, "")}

    def chosen(self) -> dict[str, Any] | None:
        """The settings as chosen; None while the vendor's fields are not shown."""
        if not any(name.startswith(SETTING) for name in self.fields):
            return None
        return {name: value for name, value in self._under(SETTING).items() if value is not None}

    def _under(self, prefix: str) -> dict[str, Any]:
        return {k.removeprefix(prefix): v for k, v in self.cleaned_data.items() if k.startswith(prefix)}


def connection_form_for(connection: Connection | None) -> type[ConnectionForm]:
    """The form with the fields of the connection's vendor."""
    if connection is None or connection.pk is None:
        return ConnectionForm
    descriptor = connector_get(connection.vendor)
    fields = schema_fields(
        descriptor.credentials, CREDENTIAL, None, is_stored=getattr(connection, "credential", None) is not None
    )
    if descriptor.settings:
        offers = {name: some for check in connection.checklist for name, some in check.get("offers", {}).items()}
        fields |= schema_fields(descriptor.settings, SETTING, connection.settings, offered=offers)
    return type("VendorConnectionForm", (ConnectionForm,), fields)


def field_names(form: type[ConnectionForm], prefix: str) -> list[str]:
    return [name for name in form.base_fields if name.startswith(prefix)]
