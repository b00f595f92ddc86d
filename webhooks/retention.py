"""How long is a delivery kept? Unproven ones a week, proven ones longer than any sender repeats a message."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from webhooks.models import Endpoint, Verdict, WebhookDelivery

UNVERIFIED_KEPT = timedelta(days=7)
VERIFIED_KEPT = timedelta(days=90)
AT_ONCE = 5000


def deliveries_forget() -> int:
    """Delete what is old and not waited for, in bites, and addresses whose grace is over. Safe to repeat."""
    now = timezone.now()
    is_old = Q(received_at__lt=now - UNVERIFIED_KEPT) & ~Q(verdict=Verdict.VERIFIED)
    is_done = Q(received_at__lt=now - VERIFIED_KEPT, verdict=Verdict.VERIFIED, due_at=None)
    forgotten = 0
    for old in (is_old, is_done):
        while ids := list(WebhookDelivery.objects.filter(old).values_list("pk", flat=True)[:AT_ONCE]):
            forgotten += WebhookDelivery.objects.filter(pk__in=ids).delete()[0]
    Endpoint.objects.filter(previous_until__lt=now).update(previous_opaque=None, previous_until=None)
    return forgotten
