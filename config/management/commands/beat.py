"""Sends the scheduled tasks. Start as many as you like: one leads, the others wait to take over."""

from __future__ import annotations

import os
from typing import Any

import structlog
from celery.beat import Service
from django.core.management.base import BaseCommand
from django_celery_beat.schedulers import DatabaseScheduler

from config.celery import app
from config.leadership import BEAT, Leadership

EXIT_LOST_LEADERSHIP = os.EX_TEMPFAIL  # whoever supervises us starts us again, and we queue up once more

logger = structlog.get_logger(__name__)


class Command(BaseCommand):
    help = __doc__
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        leadership = Leadership(BEAT)
        try:
            leadership.wait()
            logger.info("beat_leads")
            leadership.watch(_leave_at_once)
            app.set_default()
            Service(app, scheduler_cls=DatabaseScheduler).start()
        except KeyboardInterrupt:
            pass
        finally:
            leadership.resign()


def _leave_at_once() -> None:
    # Another beat may lead by now: not one more tick, whatever the scheduler is in the middle of.
    logger.error("beat_lost_leadership")
    os._exit(EXIT_LOST_LEADERSHIP)
