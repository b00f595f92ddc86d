import fcntl
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from config import trial
from config.servers import LONGEST_SOCKET_FOLDER, Servers, ServersError

PROJECT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def data_folder(tmp_path, monkeypatch):
    """An empty data folder, and no addresses in the environment."""
    for name in trial.ADDRESSES:
        monkeypatch.setenv(name, "")
    for folder in (tmp_path, *tmp_path.parents[:-2]):  # pytest's folders are closed to the account of PostgreSQL
        folder.chmod(0o711)
    monkeypatch.setenv("MLC_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


def ask(sql: str) -> object:
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        row = connection.execute(sql).fetchone()
        return row and row[0]


def test_what_was_stored_is_there_after_a_restart(data_folder):
    with trial.servers_running():
        with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS seven")
        children = [child.popen.pid for child in trial.owned.children]
    assert trial.owned is None
    assert not [pid for pid in children if Path(f"/proc/{pid}").exists()]
    os.environ["DATABASE_URL"] = os.environ["REDIS_URL"] = ""
    with trial.servers_running():
        assert ask("SELECT seven FROM kept") == 7


def test_it_starts_again_after_postgresql_was_killed(data_folder):
    servers = Servers(data_folder)
    data_folder.mkdir()
    servers.start(broker=False)
    servers.children[0].popen.kill()
    servers.stop()
    servers.start(broker=False)
    assert not servers.children[0].has_ended
    servers.stop()


def test_commits_are_durable_in_a_trial(data_folder):
    with trial.servers_running():
        assert ask("SHOW fsync") == "on"
        assert ask("SHOW synchronous_commit") == "on"


def test_it_works_from_a_folder_whose_path_is_too_long_for_a_socket(data_folder, monkeypatch):
    deep = data_folder / ("deep" * 25)
    assert len(str(deep)) > LONGEST_SOCKET_FOLDER
    monkeypatch.setenv("MLC_DATA_DIR", str(deep))
    with trial.servers_running():
        assert ask("SELECT 1") == 1
        assert (deep / "run").is_symlink()


def test_only_the_missing_address_is_served(data_folder, monkeypatch):
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere:6379/0")
    with trial.servers_running():
        assert os.environ["REDIS_URL"] == "redis://elsewhere:6379/0"
        assert ask("SELECT 1") == 1


def test_a_second_process_uses_the_servers_that_run_and_the_first_waits_for_it(data_folder):
    code = (
        "import time, psycopg, os\nfrom config import trial\n"
        "with trial.servers_running():\n"
        "    print('in', trial.owned is None, flush=True)\n"
        "    time.sleep(0.5)\n"
        "    print(psycopg.connect(os.environ['DATABASE_URL']).execute('SELECT 5').fetchone()[0], flush=True)\n"
    )
    with trial.servers_running():
        guest_environment = {**os.environ, "DATABASE_URL": "", "REDIS_URL": ""}
        guest = subprocess.Popen(
            [sys.executable, "-c", code], cwd=PROJECT, env=guest_environment, stdout=subprocess.PIPE, text=True
        )
        assert guest.stdout.readline() == "in True\n"
    assert guest.stdout.readline() == "5\n"
    assert guest.wait(10) == 0
    guest.stdout.close()


def test_a_second_main_program_is_refused_in_one_sentence(data_folder):
    data_folder.mkdir()
    other = os.open(data_folder / "owner.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(other, fcntl.LOCK_EX)
    with pytest.raises(ServersError, match="already runs from"), trial.servers_running(is_main=True):
        pass
    os.close(other)


def test_a_folder_that_cannot_be_written_is_refused_in_one_sentence(monkeypatch, data_folder):
    monkeypatch.setenv("MLC_DATA_DIR", "/dev/null/data")
    with (
        pytest.raises(ServersError, match=r"/dev/null/data cannot be written .* set MLC_DATA_DIR"),
        trial.servers_running(),
    ):
        pass


def test_a_missing_package_is_told_with_the_way_out(monkeypatch, data_folder):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ServersError, match="set DATABASE_URL"), trial.servers_running():
        pass


def test_programs_that_do_not_run_are_told_in_one_sentence(monkeypatch, data_folder, tmp_path):
    monkeypatch.setenv("MLC_POSTGRES_PROGRAMS", str(tmp_path))
    with pytest.raises(ServersError, match="the embedded servers cannot run from"), trial.servers_running():
        pass


def test_the_trials_secrets_are_made_once_and_readable_by_us_alone(data_folder):
    first = trial.trial_secrets()
    assert trial.trial_secrets() == first
    assert {len(value) >= 32 for value in first.values()} == {True}
    assert stat.S_IMODE((data_folder / "secrets.env").stat().st_mode) == 0o600


def test_the_servers_end_when_the_process_that_started_them_is_killed(data_folder):
    code = (
        "import time\nfrom config import trial\n"
        "with trial.servers_running():\n"
        "    print(*[child.popen.pid for child in trial.owned.children], flush=True)\n"
        "    time.sleep(60)\n"
    )
    owner = subprocess.Popen([sys.executable, "-c", code], cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    pids = [int(pid) for pid in owner.stdout.readline().split()]
    assert len(pids) == 2
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    owner.stdout.close()
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []
