import threading

import pytest
from django.db import connection

from config.leadership import Leadership

NUMBER = 4711
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def two():
    first, second = Leadership(NUMBER), Leadership(NUMBER)
    yield first, second
    first.resign()
    second.resign()


def end_session_of(leader: Leadership) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [leader._session.info.backend_pid])


def test_only_one_leads(two):
    first, second = two
    assert first.try_once() is True
    assert second.try_once() is False


def test_another_takes_over_when_the_leader_resigns(two):
    first, second = two
    first.try_once()
    first.resign()
    assert second.wait() is True


def test_another_takes_over_when_the_leaders_session_dies(two):
    first, second = two
    first.try_once()
    end_session_of(first)
    assert second.wait() is True
    assert first.is_held() is False


def test_the_leader_is_told_when_its_session_is_lost(two, monkeypatch):
    monkeypatch.setattr("config.leadership.LOOK_SECONDS", 0.02)
    first, _ = two
    first.try_once()
    told = threading.Event()
    watcher = first.watch(told.set)
    assert told.wait(0.1) is False
    end_session_of(first)
    assert told.wait(5) is True
    watcher.join(5)


def test_waiting_ends_when_asked(two):
    first, second = two
    first.try_once()
    assert second.wait(should_stop=lambda: True) is False
