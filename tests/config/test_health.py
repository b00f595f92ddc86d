import pytest
from django.db import OperationalError, connections


@pytest.mark.django_db
def test_it_says_that_all_is_well(client):
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"database": "ok", "broker": "ok", "oldest_due_seconds": None}
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
def test_a_broker_that_is_down_is_reported_and_not_fatal(client, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json()["broker"] == "unreachable"


def test_a_database_that_is_down_is_fatal(client, monkeypatch):
    def refuse(*_args: object) -> None:
        raise OperationalError("the connection was refused")

    monkeypatch.setattr(connections["default"], "cursor", refuse)
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["database"] == "unreachable"


def test_only_reading_is_allowed(client):
    assert client.post("/healthz").status_code == 405


def test_browsers_find_an_icon_and_robots_find_nothing(client):
    assert client.get("/favicon.ico")["Content-Type"] == "image/svg+xml"
    assert client.get("/robots.txt").content == b"User-agent: *\nDisallow: /\n"
