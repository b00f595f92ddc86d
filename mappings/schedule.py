"""How often is a flow's source read? Each flow may have a PeriodicTask of its own, enabled while the flow runs."""

from __future__ import annotations

import json
from datetime import timedelta

from django.db import transaction
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from mappings.models import Flow, FlowState
from mappings.refusals import RefusedError

_flow_task = ""


def flow_task_set(name: str) -> None:
    """Told at start by the floor that reads sources: the Celery task that a schedule runs, with the flow's id."""
    global _flow_task
    _flow_task = name


def flow_task() -> str:
    """The name that was told; empty where nothing reads sources."""
    return _flow_task


@transaction.atomic
def flow_schedule(flow: Flow, *, every: timedelta) -> PeriodicTask:
    """Read the flow's source at this interval, of whole minutes. Safe to repeat. Raises RefusedError."""
    minutes, rest = divmod(int(every.total_seconds()), 60)
    if minutes < 1 or rest:
        raise RefusedError("A schedule is a whole number of minutes, at least one.")
    if not _flow_task:
        raise RefusedError("No task reads sources in this process.")
    interval, _ = IntervalSchedule.objects.get_or_create(every=minutes, period=IntervalSchedule.MINUTES)
    task, _ = PeriodicTask.objects.update_or_create(
        name=f"flow {flow.pk}",
        defaults={
            "task": _flow_task,
            "interval": interval,
            "crontab": None,
            "args": json.dumps([flow.pk]),
            "enabled": flow.state in (FlowState.ON, FlowState.DRY_RUN),
            "description": str(flow),
        },
    )
    if flow.schedule_id != task.pk:
        flow.schedule = task
        flow.save(update_fields=["schedule"])
    return task


def schedule_follow(flow: Flow) -> None:
    """Enable the schedule while the flow runs, disable it otherwise."""
    task = flow.schedule
    enabled = flow.state in (FlowState.ON, FlowState.DRY_RUN)
    if task is not None and task.enabled != enabled:
        task.enabled = enabled
        task.save()


@transaction.atomic
def flow_unschedule(flow: Flow) -> None:
    """Back to as often as the stream asks for. Safe to repeat."""
    task = flow.schedule
    if task is not None:
        flow.schedule = None
        flow.save(update_fields=["schedule"])
        task.delete()
