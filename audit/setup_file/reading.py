"""Is a set-up file right? Every mistake at once, each with its line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from pydantic import ValidationError

from audit.setup_file.schema import SetupFile

Path = tuple[str | int, ...]


class SetupFileError(Exception):
    """What is wrong with a file: `mistakes` are sentences, each with its line where it has one."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = tuple(mistakes)


class SetupSource:
    """A parsed file that still knows on which line each of its values stands."""

    def __init__(self, file: SetupFile, lines: Mapping[Path, int]) -> None:
        self.file = file
        self._lines = lines

    def line(self, path: Path) -> int:
        """The line of a value, or of the nearest thing around it."""
        return _nearest(self._lines, path)


def setup_read(text: str) -> SetupSource:
    """Parse and check a file. Raises SetupFileError with all mistakes; nothing is applied."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"Line {mark.line + 1}: " if mark else ""
        raise SetupFileError([f"{where}this is not YAML: {getattr(error, 'problem', None) or error}."]) from error
    if node is None:
        raise SetupFileError(["The file is empty."])
    lines: dict[Path, int] = {}
    doubled: list[str] = []
    value = _value(node, (), lines, doubled)
    if doubled:
        raise SetupFileError(doubled)
    try:
        return SetupSource(SetupFile.model_validate(value), lines)
    except ValidationError as error:
        raise SetupFileError(
            [
                f"Line {_nearest(lines, item['loc'])}: {'.'.join(str(part) for part in item['loc']) or 'file'}: "
                f"{item['msg'].removeprefix('Value error, ')}."
                for item in error.errors(include_input=False, include_url=False)
            ]
        ) from error


def _value(node: yaml.Node, path: Path, lines: dict[Path, int], doubled: list[str]) -> Any:
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            if key in result:
                doubled.append(f"Line {key_node.start_mark.line + 1}: {key} stands twice.")
            result[key] = _value(value_node, (*path, key), lines, doubled)
            lines[(*path, key)] = key_node.start_mark.line + 1
        return result
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*path, at), lines, doubled) for at, item in enumerate(node.value)]
    return _scalar(node)


def _scalar(node: yaml.Node) -> Any:
    """Texts stay texts: `0012`, `no`, `1e3` are codes here. The schema makes numbers and days where it wants them."""
    text = str(node.value)
    if node.tag == "tag:yaml.org,2002:bool" and text in ("true", "false"):
        return text == "true"
    return None if node.tag == "tag:yaml.org,2002:null" else text


def _nearest(lines: Mapping[Path, int], path: Path) -> int:
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)
