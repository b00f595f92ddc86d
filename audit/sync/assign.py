"""Who looks after a problem? A person's name on it, changed with an event."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from audit.models import Problem
from audit.sync.recorder import Recorder


def problem_assign(problem: Problem, *, owner: Any, by: str) -> None:
    """Put a problem into somebody's hands (None: nobody's). Safe to repeat: the same owner again is no event."""
    with transaction.atomic():
        row = Problem.objects.select_for_update().get(pk=problem.pk)
        if row.owner_id == (owner.pk if owner else None):
            return
        row.owner = owner
        row.save(update_fields=["owner"])
        recorder = Recorder(row.tenant_id, by)
        name = owner.get_username() if owner else "nobody"
        recorder.event("problem.assigned", f"to {name}", subject="problem", subject_id=row.pk, facts={"owner": name})
        recorder.flush()
