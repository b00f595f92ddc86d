import socket
import time

import pytest
from celery import Celery
from celery.fixups.django import DjangoWorkerFixup
from django.conf import settings
from django.db import OperationalError, connection

from config.celery import QUEUES, Wake, app, check_reused_connections


@pytest.fixture
def lost_broker(monkeypatch):
    """A Celery app whose broker refuses connections."""
    monkeypatch.setattr(Wake, "silent_until", 0.0)
    lost = Celery("lost", task_cls=Wake, broker="redis://127.0.0.1:1/0", set_as_current=False)
    lost.conf.task_publish_retry = False
    lost.conf.broker_connection_timeout = 1
    return lost


def wake() -> None:
    """The body of every task here; none of them runs."""


def kill_own_connection() -> None:
    connection.ensure_connection()
    pid = connection.connection.info.backend_pid
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
    other.close()


@pytest.mark.django_db(transaction=True)
def test_a_task_after_a_restart_of_the_database_gets_a_live_connection():
    kill_own_connection()
    check_reused_connections()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)


@pytest.mark.django_db(transaction=True)
def test_without_the_hook_the_first_query_after_a_restart_fails():
    kill_own_connection()
    with pytest.raises(OperationalError), connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    connection.close()


def test_workers_reuse_their_database_connection():
    assert DjangoWorkerFixup(app).db_reuse_max == 100_000
    assert settings.DATABASES["default"]["CONN_HEALTH_CHECKS"] is True
    assert 0 < settings.DATABASES["default"]["CONN_MAX_AGE"] < float("inf")


def test_a_message_is_kept_until_its_task_is_done_and_not_delivered_twice_meanwhile():
    assert (app.conf.task_acks_late, app.conf.task_reject_on_worker_lost) == (True, True)
    assert app.conf.worker_prefetch_multiplier == 1
    assert app.conf.broker_transport_options["visibility_timeout"] > app.conf.task_time_limit
    assert app.conf.task_time_limit > app.conf.task_soft_time_limit


def test_every_queue_that_a_task_may_name_is_served():
    assert sorted(app.amqp.queues) == sorted(QUEUES)


def test_a_broker_that_is_down_costs_a_task_and_no_error(lost_broker):
    task = lost_broker.task(wake)
    assert not task.delay().id


def test_a_broker_that_accepts_but_says_nothing_holds_nobody_up_for_long(lost_broker):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        lost_broker.conf.broker_url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        lost_broker.conf.broker_transport_options = {"socket_timeout": 0.1}
        started = time.monotonic()
        assert not lost_broker.task(wake).delay().id
        assert time.monotonic() - started < 3


def test_after_a_refusal_the_broker_is_left_alone_for_a_while(lost_broker, monkeypatch):
    task = lost_broker.task(wake)
    task.delay()
    assert Wake.silent_until > time.monotonic() + 20
    monkeypatch.setattr("celery.app.task.Task.apply_async", lambda *args, **options: pytest.fail("it was sent"))
    task.delay()


def test_a_task_reaches_the_broker_when_it_is_up():
    with app.connection_for_read() as broker:
        broker.default_channel.queue_purge("default")  # what programs of other tests left behind
        sent = app.task(wake, name="tests.reaches_the_broker").apply_async(queue="default")
        assert sent.id
        message = broker.default_channel.basic_get("default")
        assert message.headers["task"] == "tests.reaches_the_broker"
        message.ack()
