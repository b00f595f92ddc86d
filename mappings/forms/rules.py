"""How is a mapping rule typed in? Up to three conditions, a value that the ledger offers, a reason."""

from __future__ import annotations

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminTextInputWidget

from connectors.tenancy.admin import TenantScopedForm
from mappings.models import MappingRule
from mappings.services.rules import rule_placed, rule_problems

CONDITIONS = range(1, 4)


def _text(label: str, help_text: str = "") -> forms.CharField:
    return forms.CharField(
        label=label, help_text=help_text, required=False, max_length=200, widget=UnfoldAdminTextInputWidget()
    )


class RuleForm(TenantScopedForm):
    """Conditions are pairs of a field of the source and its value; the label is for people."""

    field_1 = _text("Field", "As the source codes it: category, department, gl_account, merchant, vendor, custom:…")
    value_1 = _text("is", "Its id or code there.")
    label_1 = _text("called")
    field_2, value_2, label_2 = _text("and field"), _text("is"), _text("called")
    field_3, value_3, label_3 = _text("and field"), _text("is"), _text("called")

    class Meta:
        model = MappingRule
        fields = ("tenant", "flow", "target", "value", "valid_from", "priority", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            for number, (name, wanted) in zip(CONDITIONS, sorted(self.instance.when.items()), strict=False):
                self.initial[f"field_{number}"] = name
                self.initial[f"value_{number}"] = wanted
                self.initial[f"label_{number}"] = self.instance.labels.get(name, "")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        when: dict[str, str] = {}
        labels: dict[str, str] = {}
        for number in CONDITIONS:
            name, wanted = (str(data.get(f"{part}_{number}") or "").strip() for part in ("field", "value"))
            if not name and not wanted:
                continue
            if not (name and wanted):
                self.add_error(f"field_{number}", "A condition has a field and a value.")
            elif name in when:
                self.add_error(f"field_{number}", f"There is a condition on {name} already.")
            when[name] = wanted
            if label := str(data.get(f"label_{number}") or "").strip():
                labels[name] = label
        if not when:
            self.add_error("field_1", "A rule has at least one condition.")
        self.instance.when, self.instance.labels = when, labels
        return data

    def _post_clean(self) -> None:
        super()._post_clean()
        if not self.errors:
            rule_placed(self.instance)
            for problem in rule_problems(self.instance):
                self.add_error(None, problem)
