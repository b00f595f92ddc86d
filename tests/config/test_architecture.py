import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent


def contracts() -> dict[str, dict[str, list[str]]]:
    settings = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    return {contract["type"]: contract for contract in settings["tool"]["importlinter"]["contracts"]}


def test_every_providers_folder_is_held_apart_from_the_others_and_from_django():
    folders = {f"connectors.{file.parent.name}" for file in PROJECT.glob("connectors/*/connector.py")}
    held = contracts()
    assert folders <= set(held["independence"]["modules"])
    assert folders <= set(held["forbidden"]["source_modules"])
