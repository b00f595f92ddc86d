import re
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env

GOOD = {"DATABASE_URL": "postgresql://app:p%40ss@db.example:5433/books", "REDIS_URL": "redis://cache:6379/1"}


def read(**variables: str) -> env.Environment:
    return env.read({**GOOD, **variables})


def test_it_reads_a_database_address_with_an_escaped_password():
    database = read().database
    assert (database["HOST"], database["PORT"], database["NAME"]) == ("db.example", 5433, "books")
    assert database["PASSWORD"] == "p@ss"


def test_it_reads_a_database_address_on_a_socket():
    database = read(DATABASE_URL="postgresql://app@/postgres?host=%2Fvar%2Frun%2Fmlc").database
    assert database["OPTIONS"] == {"host": "/var/run/mlc"}


@pytest.mark.parametrize(
    ("given", "for_django", "for_celery"),
    [
        ("redis://cache:6379/1", "redis://cache:6379/1", "redis://cache:6379/1"),
        ("unix:///run/v.sock", "unix:///run/v.sock", "redis+socket:///run/v.sock"),
        ("redis+socket:///run/v.sock", "unix:///run/v.sock", "redis+socket:///run/v.sock"),
        ("unix:///run/v.sock?db=3", "unix:///run/v.sock?db=3", "redis+socket:///run/v.sock?virtual_host=3"),
        ("redis+socket:///v.sock?virtual_host=3", "unix:///v.sock?db=3", "redis+socket:///v.sock?virtual_host=3"),
    ],
)
def test_it_gives_each_library_the_spelling_it_understands(given, for_django, for_celery):
    environment = read(REDIS_URL=given)
    assert (environment.redis_url, environment.broker_url) == (for_django, for_celery)


def test_an_empty_variable_counts_as_absent():
    environment = read(MLC_WEB_THREADS="", MLC_BEHIND_PROXY=" ", MLC_LOG_LEVEL="")
    assert (environment.web_threads, environment.is_behind_proxy, environment.log_level) == (4, False, "INFO")


def test_an_empty_variable_does_not_hide_a_default():
    assert env.read({"SECRET_KEY": ""}, defaults={"SECRET_KEY": "from the trial"}).secret_key == "from the trial"


def test_a_secret_that_begins_with_a_dollar_sign_is_taken_as_it_is():
    environment = read(SECRET_KEY="$ecret", FINGERPRINT_KEY="$HOME", DATABASE_URL="postgresql://app:$HOME@db/books")
    assert (environment.secret_key, environment.fingerprint_key) == ("$ecret", "$HOME")
    assert environment.database["PASSWORD"] == "$HOME"


def test_the_first_of_several_credential_keys_is_the_current_one():
    assert read(CREDENTIAL_KEYS="new=, old=,").credential_keys == ["new=", "old="]


def test_the_public_address_is_an_allowed_host_and_ends_without_a_slash():
    environment = read(MLC_PUBLIC_URL="https://connector.example.com/")
    assert environment.public_url == "https://connector.example.com"
    assert environment.allowed_hosts == ["connector.example.com"]


def test_it_reads_the_addresses_of_simulators_by_name():
    environment = read(MLC_SIMULATORS="brex=http://127.0.0.1:4711, odoo=http://127.0.0.1:4712")
    assert environment.simulators == {"brex": "http://127.0.0.1:4711", "odoo": "http://127.0.0.1:4712"}


@pytest.mark.parametrize("word", ["true", "YES", "on", "1"])
def test_it_understands_the_usual_words_for_yes(word):
    assert read(MLC_BEHIND_PROXY=word).is_behind_proxy is True


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("MLC_WEB_THREADS", "many", "MLC_WEB_THREADS must be a whole number"),
        ("MLC_WEB_THREADS", "0", "MLC_WEB_THREADS must be at least 1"),
        ("MLC_BEHIND_PROXY", "maybe", "MLC_BEHIND_PROXY must be true or false"),
        ("MLC_LOG_FORMAT", "xml", "MLC_LOG_FORMAT must be one of json, console"),
        ("MLC_PUBLIC_URL", "connector.example.com", "MLC_PUBLIC_URL must begin with one of http://, https://"),
        ("REDIS_URL", "amqp://cache", "REDIS_URL must begin with one of redis"),
        ("MLC_SIMULATORS", "http://127.0.0.1:4711", "MLC_SIMULATORS must look like key=value"),
        ("DATABASE_URL", "sqlite:///books.db", "DATABASE_URL must begin with postgresql://"),
        ("DATABASE_URL", "postgresql://app:s3cr3t@db:port/x", "DATABASE_URL is not the address of a database"),
    ],
)
def test_it_refuses_a_malformed_value_by_name_and_never_shows_it(name, value, complaint):
    with pytest.raises(ImproperlyConfigured, match=complaint) as refused:
        read(**{name: value})
    assert "s3cr3t" not in str(refused.value)


def test_it_names_everything_that_is_missing_at_once():
    with pytest.raises(ImproperlyConfigured) as refused:
        env.read({"SECRET_KEY": "x", "FINGERPRINT_KEY": ""}, required=("SECRET_KEY", "FINGERPRINT_KEY", "REDIS_URL"))
    assert "FINGERPRINT_KEY is not set; REDIS_URL is not set" in str(refused.value)
    assert "SECRET_KEY is" not in str(refused.value)


def test_the_example_file_names_every_variable_that_is_read():
    project = Path(__file__).resolve().parent.parent.parent
    read_somewhere = set()
    for file in project.glob("config/**/*.py"):
        read_somewhere |= set(re.findall(r'reader\.\w+\(\s*"([A-Z_]+)"|environ\.get\("([A-Z_]+)"\)', file.read_text()))
    names = {name for pair in read_somewhere for name in pair if name}
    explained = set(re.findall(r"^#? ?([A-Z_]+)=", (project / ".env.example").read_text(), re.MULTILINE))
    assert len(names) > 20
    assert names <= explained
