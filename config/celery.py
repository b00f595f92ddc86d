"""How do workers run? Celery only wakes them: what is to be done, and when, are rows."""

from __future__ import annotations

import gc
import os
import time
import warnings
from typing import Any

import structlog
from celery import Celery, Task
from celery.result import AsyncResult
from celery.signals import setup_logging, task_postrun, task_prerun, worker_process_init
from django.db import close_old_connections
from kombu.entity import Queue
from kombu.exceptions import OperationalError

LANES = ("read", "post", "tell")
QUEUES = (*LANES, "default")
BROKER_PAUSE_SECONDS = 30.0
YOUNG_OBJECTS = 20_000  # rows of a batch that live as long as it does are not looked through several times

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")

# Celery warns root because of pickle; only JSON is accepted here, and a trial in a container often is root.
warnings.filterwarnings("ignore", message="You're running the worker with superuser privileges")

logger = structlog.get_logger(__name__)


class Wake(Task):  # type: ignore[misc]
    """A task that may get lost. Sending never raises and never holds up a request for long.

    After the broker refused once, nothing is sent for ``BROKER_PAUSE_SECONDS``: the tick finds the due rows anyway.
    """

    abstract = True
    silent_until = 0.0

    def apply_async(self, *args: Any, **options: Any) -> AsyncResult:
        if time.monotonic() < Wake.silent_until:
            return AsyncResult("", app=self.app)
        try:
            return super().apply_async(*args, **options)
        except OperationalError as error:
            Wake.silent_until = time.monotonic() + BROKER_PAUSE_SECONDS
            logger.warning("broker_unreachable", task=self.name, pause_seconds=BROKER_PAUSE_SECONDS, error=str(error))
            return AsyncResult("", app=self.app)


app = Celery("ml_connector", task_cls=Wake)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.task_queues = [Queue(name) for name in QUEUES]  # type: ignore[no-untyped-call]
app.autodiscover_tasks()


@setup_logging.connect
def keep_our_logging(**_: Any) -> None:
    """Being connected is enough: Celery then leaves the logging that the settings made alone."""


@worker_process_init.connect
def lasting_objects_freeze(**_: Any) -> None:
    """What was imported lasts, and the garbage collector need not walk through it: a tenth of a worker's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 20, 50)


@task_prerun.connect
def check_reused_connections(**_: Any) -> None:
    """Connections are reused between tasks (see CELERY_DB_REUSE_MAX): after a restart of the database they are dead.

    Without this, 0 of 20 tasks succeeded after a restart, with it 20 of 20.
    """
    close_old_connections()


@task_prerun.connect
def name_the_task(task_id: str, task: Task, **_: Any) -> None:
    """Every line that is logged while it runs carries the task's name and id."""
    structlog.contextvars.bind_contextvars(task=task.name, task_id=task_id)


@task_postrun.connect
def forget_the_task(**_: Any) -> None:
    structlog.contextvars.clear_contextvars()
