import io
import subprocess
import sys

import pytest

import run


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with a lock and no environment yet."""
    monkeypatch.setattr(run, "PROJECT", tmp_path)
    monkeypatch.setattr(run, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(run, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    monkeypatch.setattr(run, "STAMP", tmp_path / ".venv" / "built-from")
    monkeypatch.setattr(run, "LOCK", tmp_path / "requirements.lock")
    run.LOCK.write_text("")
    return tmp_path


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err


def test_it_explains_itself_when_called_without_a_command(capsys):
    assert run.main([]) == 2
    assert "python3 run.py demo" in capsys.readouterr().out


def test_it_refuses_an_unknown_command():
    assert run.main(["deploy"]) == 2


@pytest.mark.parametrize(
    ("patch", "sentence"),
    [
        ({"sys.version_info": (3, 9, 2)}, "Python 3.11 or newer is needed"),
        ({"platform.libc_ver": lambda: ("", "")}, "not for Linux x86_64 with musl"),
        ({"platform.machine": lambda: "riscv64"}, "not for Linux riscv64"),
        ({"platform.system": lambda: "Windows", "platform.machine": lambda: "AMD64"}, "not for Windows AMD64"),
    ],
)
def test_it_refuses_a_machine_that_cannot_run_it_in_one_sentence(monkeypatch, capsys, patch, sentence):
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    for target, value in patch.items():
        monkeypatch.setattr(target, value)
    assert run.main(["test"]) == 1
    words = said(capsys)
    assert sentence in words
    assert words.count("\n") == 1


def test_a_missing_venv_module_is_told_with_the_line_that_installs_it(project, monkeypatch, capsys):
    def without_ensurepip(command, **_):
        text = "The virtual environment was not created successfully because ensurepip is not available."
        return subprocess.CompletedProcess(command, 1, stdout=text, stderr="")

    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr("subprocess.run", without_ensurepip)
    assert run.main(["test"]) == 1
    assert "apt-get install python3-venv" in said(capsys)


def test_a_folder_that_cannot_be_written_is_told_in_one_sentence(project, monkeypatch, capsys):
    monkeypatch.setattr("os.access", lambda path, mode: False)
    assert run.main(["test"]) == 1
    assert "cannot be written" in said(capsys)


def test_packages_that_cannot_be_installed_are_told_and_no_stamp_is_left(project, monkeypatch, capsys):
    monkeypatch.setattr("shutil.which", lambda name: None)
    run.LOCK.write_text("no-such-package==1.0 --hash=sha256:" + "0" * 64)

    def fail(command, **options):
        wanted_install = "install" in command
        return subprocess.CompletedProcess(command, int(wanted_install), stdout="", stderr="index unreachable")

    monkeypatch.setattr("subprocess.run", fail)
    run.VENV.mkdir()
    assert run.main(["test"]) == 1
    assert "index unreachable" in said(capsys)
    assert not run.STAMP.exists()


def test_it_builds_an_environment_once_and_again_when_the_lock_changes(project, monkeypatch):
    built = []
    monkeypatch.setattr("sys.stderr", io.StringIO())
    monkeypatch.setattr(run, "call", lambda complaint, *command: built.append(command[-1]))
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr(run, "holds_this_python", lambda: True)
    monkeypatch.setattr(run, "succeeds", lambda *command: True)
    run.PYTHON.parent.mkdir(parents=True)
    run.PYTHON.symlink_to(sys.executable)
    run.build()
    run.build()
    assert built == [run.LOCK]
    run.LOCK.write_text("something==1")
    run.build()
    assert built == [run.LOCK, run.LOCK]
