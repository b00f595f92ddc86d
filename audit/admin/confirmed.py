"""How does a button of the engine room act? On a page that says what it touches, with a reason, and every refusal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.options import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

CONFIRM = "admin/audit/confirm.html"


def confirm_page(
    admin: ModelAdmin[Any],
    request: HttpRequest,
    *,
    title: str,
    text: str,
    button: str,
    back_url: str,
    form: forms.Form | None = None,
    reasons: Sequence[str] = (),
    template: str = CONFIRM,
    **more: Any,
) -> HttpResponse:
    """The question. `reasons` stand against it; `more` is for the template: touched, hidden, previews …"""
    context = {
        **admin.admin_site.each_context(request),
        "title": title,
        "opts": admin.model._meta,
        "text": text,
        "button": button,
        "form": form,
        "media": admin.media + form.media if form is not None else admin.media,
        "reasons": reasons,
        "back_url": back_url,
        **more,
    }
    return TemplateResponse(request, template, context)


def told(admin: ModelAdmin[Any], request: HttpRequest, text: str, *, is_good: bool = True) -> None:
    """Say on the next page what was done."""
    admin.message_user(request, text, messages.SUCCESS if is_good else messages.WARNING)
