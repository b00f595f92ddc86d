import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from config import supervisor
from config.processes import Child
from config.supervisor import Supervisor, SupervisorError, running

PROJECT = Path(__file__).resolve().parent.parent.parent
READY = re.compile(r"ready: (http://127\.0\.0\.1:\d+)/admin/")


@pytest.fixture
def up(tmp_path):
    """Starts ``manage.py up`` and returns it with its address; ends it with the test."""
    started: list[subprocess.Popen[str]] = []
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.local", "MLC_DATA_DIR": str(tmp_path)}

    def start(*arguments: str) -> tuple[subprocess.Popen[str], str]:
        command = [sys.executable, "manage.py", "up", "--port", "0", *arguments]
        process = subprocess.Popen(
            command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        started.append(process)
        said = []
        for line in process.stdout:
            said.append(line)
            if match := READY.search(line):
                return process, match[1]
        pytest.fail("".join(said))

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def children_of(process: subprocess.Popen[str]) -> dict[int, str]:
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return {int(pid): Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ") for pid in listed}


def get(url: str, path: str) -> int:
    request = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    request.request("GET", path)
    status = request.getresponse().status
    request.close()
    return status


def wait_until_gone(pids: list[int]) -> list[int]:
    deadline = time.monotonic() + 15
    while left := [pid for pid in pids if Path(f"/proc/{pid}").exists()]:
        if time.monotonic() > deadline:
            return left
        time.sleep(0.05)
    return []


def test_one_command_serves_the_admin_starts_again_what_dies_and_ends_without_its_web_server(up):
    process, url = up()
    assert get(url, "/admin/login/") == 200
    assert get(url, "/static/unfold/css/styles.css") == 200
    children = children_of(process)
    assert len(children) == 4
    (beat,) = [pid for pid, command in children.items() if "manage.py beat" in command]
    os.kill(beat, signal.SIGKILL)
    assert wait_until_gone([beat]) == []
    deadline = time.monotonic() + 15
    while not (again := [pid for pid, command in children_of(process).items() if "manage.py beat" in command]):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert again != [beat]
    (web,) = [pid for pid, command in children.items() if "gunicorn" in command]
    os.kill(web, signal.SIGKILL)
    assert process.wait(60) == 1
    assert "web ended (exit code -9), so everything ends" in process.stdout.read()
    assert wait_until_gone([*children, *again]) == []


def test_a_program_that_cannot_live_is_given_up_after_some_tries(monkeypatch):
    monkeypatch.setattr(supervisor, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(supervisor, "LOOK_SECONDS", 0.0)
    started = []

    def start() -> Child:
        started.append(Child.start("beat", ["false"]))
        started[-1].popen.wait()
        return started[-1]

    stack = Supervisor("", [start()], again={"beat": start})
    with pytest.raises(SupervisorError, match=r"beat ended \(exit code 1\), the 5th time within 2 minutes"):
        stack.wait()
    assert len(started) == 5


def test_it_ends_cleanly_when_asked(up):
    process, _ = up("--workers", "0")
    children = children_of(process)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    assert wait_until_gone(list(children)) == []


def test_a_taken_port_is_told_in_one_sentence():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(SupervisorError, match=f"port {port} cannot be used .* --port"), running(port=port):
            pass
