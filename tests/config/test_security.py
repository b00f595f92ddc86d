import pytest
from django.contrib.auth import get_user_model

from config.security import client_address


def test_pages_outside_the_admin_may_run_no_script_at_all(client):
    policy = client.get("/robots.txt")["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy


@pytest.mark.django_db
def test_the_admin_loads_nothing_from_elsewhere_and_cannot_be_framed(client):
    answer = client.get("/admin/login/")
    assert answer.status_code == 200
    policy = answer["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "http:" not in policy
    assert "https:" not in policy


@pytest.mark.django_db
def test_guessing_a_password_is_stopped(client, settings):
    settings.AXES_ENABLED = True
    get_user_model().objects.create_superuser("ada", password="the right one")
    for _ in range(settings.AXES_FAILURE_LIMIT):
        last = client.post("/admin/login/", {"username": "ada", "password": "wrong"})
    assert last.status_code == 429
    right = client.post("/admin/login/", {"username": "ada", "password": "the right one"})
    assert right.status_code == 429
    assert "_auth_user_id" not in client.session


@pytest.mark.django_db
def test_the_first_page_leads_to_the_admin(client):
    assert client.get("/")["Location"] == "/admin/"


@pytest.mark.parametrize(
    ("is_behind_proxy", "forwarded", "expected"),
    [
        (False, "203.0.113.9", "127.0.0.1"),  # anybody may write that header
        (True, "203.0.113.9, 198.51.100.7", "198.51.100.7"),  # only the last one was written by our proxy
        (True, "", "127.0.0.1"),
    ],
)
def test_a_forged_forwarding_header_does_not_hide_the_caller(rf, settings, is_behind_proxy, forwarded, expected):
    settings.MLC_BEHIND_PROXY = is_behind_proxy
    assert client_address(rf.get("/", headers={"X-Forwarded-For": forwarded})) == expected
