"""Which methods can be called on which model, with which arguments?

A method is a Python function whose first parameter is the `Records` it runs on and whose others are named as Odoo
names them: the refusals of wrong arguments are then Python's own words, as they are in Odoo.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .environment import Environment, Records
from .errors import OdooError, access_error, not_found, type_error, unprocessable
from .schema import SCHEMA

Function = Callable[..., Any]
ANY = "*"
PRIVATE = {"exists", "search_fetch", "check_access", "sudo", "with_context", "browse", "mapped", "filtered"}


@dataclass(frozen=True, slots=True)
class Method:
    function: Function
    on_records: bool
    signature: inspect.Signature


METHODS: dict[tuple[str, str], Method] = {}


def method(model: str, name: str, *, on_records: bool = True) -> Callable[[Function], Function]:
    """Declare a method of one model, or of `ANY`."""

    def declare(function: Function) -> Function:
        parameters = list(inspect.signature(function).parameters.values())[1:]
        METHODS[model, name] = Method(function, on_records, inspect.Signature(parameters))
        return function

    return declare


def find_method(model: str, name: str) -> Method:
    if model not in SCHEMA:
        raise not_found(f"the model '{model}' does not exist")
    if name.startswith("_") or name in PRIVATE:
        raise access_error(f"Private methods (such as '{model}.{name}') cannot be called remotely.")
    found = METHODS.get((model, name)) or METHODS.get((ANY, name))
    if found is None:
        raise not_found(f"The method '{model}.{name}' does not exist")
    return found


def call_named(env: Environment, model: str, name: str, ids: Any, arguments: Mapping[str, Any]) -> Any:
    """Call with named arguments (JSON-2)."""
    target = find_method(model, name)
    chosen = _ids(ids)
    if chosen and not target.on_records:
        raise unprocessable(f"cannot call {model}.{name} with ids")
    try:
        bound = target.signature.bind(**arguments)
    except TypeError as error:
        raise unprocessable(str(error)) from None
    return _run(env, target, model, chosen, bound)


def call_positional(
    env: Environment, model: str, name: str, positional: Sequence[Any], named: Mapping[str, Any]
) -> Any:
    """Call as XML-RPC does: the first positional argument of a record method is the list of ids."""
    target = find_method(model, name)
    rest = list(positional)
    chosen = _ids(rest.pop(0)) if target.on_records and rest else ()
    try:
        bound = target.signature.bind(*rest, **named)
    except TypeError as error:
        raise type_error(f"{name}() {error}") from None
    return _run(env, target, model, chosen, bound)


def _run(env: Environment, target: Method, model: str, ids: tuple[int, ...], bound: inspect.BoundArguments) -> Any:
    env.check_language()
    return target.function(Records(env, model, ids), *bound.args, **bound.kwargs)


def _ids(ids: Any) -> tuple[int, ...]:
    if isinstance(ids, int) and not isinstance(ids, bool):
        return (ids,)
    return tuple(ids) if isinstance(ids, Iterable) and not isinstance(ids, str) else ()


__all__ = ["ANY", "METHODS", "Method", "OdooError", "call_named", "call_positional", "find_method", "method"]
