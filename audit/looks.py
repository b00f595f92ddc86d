"""How do states look, and where is the page of a row? For admin and templates alike."""

from __future__ import annotations

from django.db.models import Model
from django.urls import reverse

RECORD_COLOURS = {
    "received": "info",
    "being posted": "info",
    "posted": "success",
    "held for a person": "warning",
    "witness of another record": "default",
    "skipped by rule": "default",
    "failed": "danger",
}
POSTING_COLOURS = {
    "intended": "info",
    "being sent": "info",
    "outcome unknown": "warning",
    "in the ledger, not in the books": "warning",
    "posted": "success",
    "refused by the ledger": "danger",
    "withdrawn": "default",
    "reversed": "default",
}
PROBLEM_COLOURS = {"open": "warning", "solved": "success"}


def admin_url(row: Model, page: str = "change", model: str = "") -> str:
    """The admin's address of a row."""
    return reverse(f"admin:{row._meta.app_label}_{model or row._meta.model_name}_{page}", args=[row.pk])
