"""How many webhooks a second are accepted, against a bare view that verifies the same signature and inserts a row?

Both are served by gunicorn as in production, one after the other; sender, server and database share the machine.
"""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection as database

from config.bench.constants import SECRET
from config.bench.figures import Figure, Sizes, figure
from config.bench.stage import answers_of, started
from connectors.models import Connection, Tenant
from webhooks.models import Endpoint, WebhookDelivery
from webhooks.services import endpoint_create
from webhooks.signing import secrets_keep

CONNECTIONS = 8
START_SECONDS = 60
TABLE = """
CREATE TABLE IF NOT EXISTS bench_delivery (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  message_id text NOT NULL UNIQUE,
  body bytea NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now())
"""


def measure(sizes: Sizes) -> Iterator[Figure]:
    """Accepted deliveries a second and the 99th percentile of the answer, ours and the bare view's."""
    with database.cursor() as cursor:
        cursor.execute(TABLE)
    path = _endpoint().path
    rates: dict[str, list[float]] = {"ours": [], "bare": []}
    slow: dict[str, list[float]] = {"ours": [], "bare": []}
    sent = 0
    with _served("config.wsgi") as ours, _served("config.bench.bare") as bare:
        for number in range(sizes.runs + 1):
            for name, port, where in (("bare", bare, "/bare/"), ("ours", ours, path)):
                rate, p99, taken = _load(port, where, sizes.seconds)
                sent += taken if name == "ours" else 0
                if number:  # the first is the warm-up
                    rates[name].append(rate)
                    slow[name].append(1000 * p99)
    if (stored := WebhookDelivery.objects.filter(verdict="verified").count()) != sent:
        raise RuntimeError(f"{sent} deliveries were accepted, and {stored} are stored.")
    bare_rate = figure("bare view: verify and insert", rates["bare"], "requests/s")
    yield bare_rate
    yield figure(
        "webhooks accepted", rates["ours"], "deliveries/s", at_least=("80 % of the bare view", 0.8 * bare_rate.value)
    )
    yield figure("bare view, 99th percentile at full load", slow["bare"], "ms")
    yield figure("webhooks, 99th percentile at full load", slow["ours"], "ms")


def _load(port: int, path: str, seconds: float) -> tuple[float, float, int]:
    told = answers_of(("-m", "config.bench.sender", str(port), path, str(seconds), str(CONNECTIONS)))[0]
    if told["refused"]:
        raise RuntimeError(f"{path} did not accept: {told['refused']}")
    return told["taken"] / told["seconds"], told["p99"], told["taken"]


def _endpoint() -> Endpoint:
    tenant = Tenant.objects.create(slug="hooks", name="Hooks")
    source = Connection.objects.create(
        tenant=tenant, vendor="brex", name="Brex", address="simulator:hooks", identity="cuacc_bench", state="ok"
    )
    endpoint = endpoint_create(connection=source, by="bench")
    secrets_keep(endpoint, [SECRET], by="bench")
    return endpoint


@contextmanager
def _served(application: str) -> Iterator[int]:
    """An application under gunicorn with the production configuration; its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with started(
        "-m", "gunicorn", "-c", "python:config.gunicorn", "--bind", f"127.0.0.1:{port}", application, is_quiet=True
    ):
        deadline = time.monotonic() + START_SECONDS
        while not _answers(port):
            if time.monotonic() > deadline:
                raise RuntimeError(f"{application} did not answer within {START_SECONDS} s.")
            time.sleep(0.1)
        yield port


def _answers(port: int) -> bool:
    request = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        request.request("GET", "/healthz", headers={"Host": "127.0.0.1"})
        request.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        request.close()
    return True
