"""How does a button in the admin act? It says first what it will touch, and shows every reason against it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from mappings.refusals import RefusedError


class ConfirmedActions:
    """For admins with actions on one row that go through `admin/mappings/confirm.html`."""

    def confirmed(
        self,
        request: HttpRequest,
        object_id: str,
        *,
        title: str,
        text: str,
        act: Callable[[Any, Any, str], object],
        points: Callable[[Any], Sequence[str]] = lambda row: (),
        against: Callable[[Any], Sequence[str]] = lambda row: (),
        asks_reason: bool = False,
    ) -> HttpResponse:
        """GET shows, POST acts: `act(row, user, reason)`; a RefusedError becomes the list of reasons on the page."""
        row = self.row_or_404(request, object_id)  # type: ignore[attr-defined]
        opts = self.model._meta  # type: ignore[attr-defined]
        site = self.admin_site  # type: ignore[attr-defined]
        back_url = reverse(f"{site.name}:{opts.app_label}_{opts.model_name}_change", args=[row.pk])
        reasons: Sequence[str] = ()
        if request.method == "POST":
            try:
                act(row, request.user, request.POST.get("reason", "")[:500].strip())
            except RefusedError as error:
                reasons = error.reasons
            else:
                self.message_user(request, f"{title}: {row}.", messages.SUCCESS)  # type: ignore[attr-defined]
                return HttpResponseRedirect(back_url)
        context = {
            **site.each_context(request),
            "title": f"{title}: {row}",
            "opts": opts,
            "text": text,
            "points": points(row),
            "reasons": reasons or against(row),
            "button": title,
            "asks_reason": asks_reason,
            "back_url": back_url,
        }
        return TemplateResponse(request, "admin/mappings/confirm.html", context)
