"""Does a JSON value have the shape that the vendor published in an OpenAPI 3.0 file?

The files are not ours to ship: `MLC_PUBLISHED_SCHEMAS` names their folder, and tests that use this module carry the
mark `published_schema`. Unknown properties count as errors, so that a simulator cannot invent one.
"""

from __future__ import annotations

import os
import re
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, FormatChecker

Schema = Any

FORMATS = FormatChecker(formats=())


@FORMATS.checks("date-time", raises=ValueError)
def _is_moment(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@FORMATS.checks("date", raises=ValueError)
def _is_day(value: object) -> bool:
    return not isinstance(value, str) or bool(date.fromisoformat(value))


@FORMATS.checks("email")
def _is_address(value: object) -> bool:
    return not isinstance(value, str) or "@" in value


def folder() -> Path:
    return Path(os.environ["MLC_PUBLISHED_SCHEMAS"])


@cache
def published(vendor: str, name: str) -> PublishedApi:
    return PublishedApi(yaml.safe_load((folder() / vendor / f"{name}.yaml").read_text(encoding="utf-8")))


class PublishedApi:
    """One OpenAPI 3.0 document; every method answers with a list of complaints, empty when there is none."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        schemas = document["components"]["schemas"]
        open_bases = _composed_elsewhere(schemas)
        self._components = {
            name: _json_schema(_without_cycle(name, schema, schemas), strict=name not in open_bases)
            for name, schema in schemas.items()
        }

    def response_complaints(self, method: str, path: str, status: int, body: Any) -> list[str]:
        """Of an answer to `method path`; a status or body that the document does not list is a complaint too."""
        answer = self._operation(method, path)["responses"].get(str(status))
        if answer is None:
            return [f"status {status} is not documented"]
        schema = answer.get("content", {}).get("application/json", {}).get("schema")
        if schema is None:
            return []
        return self.complaints(schema, body)

    def request_complaints(self, method: str, path: str, body: Any) -> list[str]:
        schema = self._operation(method, path)["requestBody"]["content"]["application/json"]["schema"]
        return self.complaints(schema, body)

    def named_complaints(self, name: str, body: Any) -> list[str]:
        return self.complaints({"$ref": f"#/components/schemas/{name}"}, body)

    def complaints(self, schema: Schema, body: Any) -> list[str]:
        whole = {**_json_schema(schema, strict=False), "components": {"schemas": self._components}}
        found = Draft202012Validator(whole, format_checker=FORMATS).iter_errors(body)
        return sorted(f"{one.json_path}: {one.message[:200]}" for one in found)

    def operations(self) -> set[tuple[str, str]]:
        return {
            (method.upper(), path)
            for path, methods in self.document["paths"].items()
            for method in methods
            if method in ("get", "post", "put", "delete")
        }

    def examples(self) -> list[tuple[str, str, str, Any]]:
        """The document's own examples of answers: method, path, status, value."""
        found = []
        for path, methods in self.document["paths"].items():
            for method, operation in methods.items():
                for status, answer in operation.get("responses", {}).items():
                    media = answer.get("content", {}).get("application/json", {})
                    values = [one["value"] for one in media.get("examples", {}).values() if "value" in one]
                    found += [(method.upper(), path, status, _plain(value)) for value in values]
        return found

    def _operation(self, method: str, path: str) -> dict[str, Any]:
        """The documented operation of a concrete path; literal segments win over placeholders."""
        fitting = [
            template
            for template in self.document["paths"]
            if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path)
            and method.lower() in self.document["paths"][template]
        ]
        if not fitting:
            raise LookupError(f"{method} {path} is not documented")
        operation: dict[str, Any] = self.document["paths"][min(fitting, key=lambda one: one.count("{"))][method.lower()]
        return operation


def _without_cycle(name: str, schema: Schema, schemas: dict[str, Schema]) -> Schema:
    """A variant lists its base in `allOf` while the base lists the variant in `oneOf`: follow the base only."""
    parts = schema.get("allOf")
    if not parts:
        return schema
    kept = [part for part in parts if name not in _variants(schemas.get(_target(part), {}))]
    return {**schema, "allOf": kept}


def _variants(schema: Schema) -> set[str]:
    mapped = schema.get("discriminator", {}).get("mapping", {}).values()
    return {_target(one) for one in schema.get("oneOf", [])} | {str(one).rsplit("/", 1)[-1] for one in mapped}


def _composed_elsewhere(schemas: dict[str, Schema]) -> set[str]:
    """Schemas that others extend by `allOf`: closing them would refuse what the extension adds."""
    found: set[str] = set()

    def look(schema: Schema) -> None:
        if isinstance(schema, list):
            for one in schema:
                look(one)
        if isinstance(schema, dict):
            parts = schema.get("allOf", [])
            adds = (
                "properties" in schema or "oneOf" in schema or any({"properties", "oneOf"} & set(one) for one in parts)
            )
            found.update(_target(part) for part in parts if adds and _target(part))
            for one in schema.values():
                look(one)

    look(schemas)
    return found


def _target(part: Schema) -> str:
    return str(part.get("$ref", "")).rsplit("/", 1)[-1]


def _json_schema(schema: Schema, strict: bool) -> Schema:
    """The OpenAPI 3.0 schema as JSON Schema 2020-12: nullable, discriminators, and closed objects if `strict`."""
    if isinstance(schema, list):
        return [_json_schema(one, False) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return {"$ref": schema["$ref"]}
    kept = {
        name: value for name, value in schema.items() if name not in ("nullable", "example", "description", "title")
    }
    mapping = kept.pop("discriminator", {}).get("mapping")
    if mapping:
        kept.pop("oneOf", None)
    turned = {
        name: {key: _json_schema(one, False) for key, one in value.items()}
        if name == "properties"
        else _json_schema(value, False)
        for name, value in kept.items()
        if name not in ("enum", "required", "default")
    } | {name: _plain(kept[name]) for name in ("enum", "required") if name in kept}
    if mapping:
        turned["allOf"] = turned.get("allOf", []) + [
            {
                "if": {"properties": {"type": {"const": key}}, "required": ["type"]},
                "then": {"$ref": f"#/components/schemas/{target.rsplit('/', 1)[-1]}"},
            }
            for key, target in mapping.items()
        ]
        turned["properties"] = {**turned.get("properties", {}), "type": {"enum": list(mapping)}}
        turned["required"] = sorted({*turned.get("required", []), "type"})
    elif strict and ("properties" in turned or "allOf" in turned):
        turned["unevaluatedProperties"] = False
    return {"anyOf": [{"type": "null"}, turned]} if schema.get("nullable") else turned


def _plain(value: Any) -> Any:
    """YAML's dates as the texts they were."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value
