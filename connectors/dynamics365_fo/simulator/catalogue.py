"""Which entity sets, fields and enumerations does the simulated environment have, and how does $metadata tell them?

Names, types and keys stand in `entities.txt` and `enums.txt`, as a real environment's $metadata has them; the sets of
`further.txt` are cut to the fields that are of use. Fields whose enumeration is only named (two large ones) are not
served.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

NAMESPACE = "Microsoft.Dynamics.DataEntities"
EDM = ("String", "Decimal", "Int32", "Int64", "DateTimeOffset", "Guid", "Binary", "Boolean")
# Moments; every other Edm.DateTimeOffset is a day, which F&O renders at noon.
MOMENTS = frozenset({"CreatedOn", "SysModifiedDateTime", "VendorHoldReleaseDate", "AcknowledgementDate"})
MOMENT_ENDINGS = ("ValidFrom", "ValidTo", "DateTime")


@dataclass(frozen=True, slots=True)
class Property:
    """One field. `type` is the plain name: String, Decimal, … or that of an enumeration."""

    name: str
    type: str
    nullable: bool

    @property
    def is_enum(self) -> bool:
        return self.type not in EDM

    @property
    def is_moment(self) -> bool:
        return self.name in MOMENTS or self.name.endswith(MOMENT_ENDINGS)

    @property
    def full_type(self) -> str:
        return f"{NAMESPACE}.{self.type}" if self.is_enum else f"Edm.{self.type}"


@dataclass(frozen=True, slots=True)
class EntitySet:
    """One collection: its entity type, key fields, fields in metadata order, and navigations (True: many)."""

    name: str
    type: str
    keys: tuple[str, ...]
    properties: dict[str, Property]
    navigation: dict[str, bool]

    @property
    def is_company_bound(self) -> bool:
        return self.keys[0] == "dataAreaId"


@dataclass(frozen=True, slots=True)
class Catalogue:
    sets: dict[str, EntitySet]
    enums: dict[str, dict[str, int]]

    def by_type(self, name: str) -> EntitySet | None:
        return next((one for one in self.sets.values() if one.type == name), None)

    def default_member(self, enum: str) -> str:
        """The member that a record has when nobody chose: the one of value 0, else the first."""
        members = self.enums[enum]
        return next((name for name, value in members.items() if value == 0), next(iter(members)))

    def without(self, sets: frozenset[str], fields: frozenset[tuple[str, str]]) -> Catalogue:
        """As an environment that lacks these sets and these (set, field) pairs."""
        kept = {}
        for name, one in self.sets.items():
            if name not in sets:
                shown = {field: what for field, what in one.properties.items() if (name, field) not in fields}
                kept[name] = EntitySet(name, one.type, one.keys, shown, one.navigation)
        return Catalogue(kept, self.enums)


@cache
def catalogue() -> Catalogue:
    enums: dict[str, dict[str, int]] = {}
    unnamed = set()
    for name, *members in _entries("enums.txt") + _entries("further_enums.txt"):
        if members == ["?"]:
            unnamed.add(name)
        else:
            enums[name] = {member: int(value) for member, value in (one.split("=") for one in members)}
    sets = {}
    for name, entity_type, *words in _entries("entities.txt", "  ") + _entries("further.txt", "  "):
        keys = tuple(words[: words.index("|")])
        fields, navigation = {}, {}
        for word in words[words.index("|") + 1 :]:
            if word.startswith(">"):
                navigation[word.strip(">*")] = word.endswith("*")
                continue
            field, _, kind = word.rstrip("!").partition(":")
            if (kind or "String") not in unnamed:
                fields[field] = Property(field, kind or "String", not word.endswith("!"))
        sets[name] = EntitySet(name, entity_type, keys, fields, navigation)
    return Catalogue(sets, enums)


def _entries(file: str, mark: str = "") -> list[list[str]]:
    """Entries of words: one begins in the first column and goes on in indented lines (after `|` where marked)."""
    entries: list[list[str]] = []
    for line in (Path(__file__).parent / file).read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        if not line.startswith(" "):
            entries.append([*line.split(), "|"] if mark else line.split())
        elif line.startswith("  > "):
            entries[-1] += [f">{word}" for word in line.split()[1:]]
        else:
            entries[-1] += line.split()
    return entries


def csdl(shown: Catalogue) -> str:
    """The $metadata document of what is shown: enumerations, types with keys, and the container `Resources`."""
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>',
        f'<Schema Namespace="{NAMESPACE}" xmlns="http://docs.oasis-open.org/odata/ns/edm">',
    ]
    for enum, members in shown.enums.items():
        inner = "".join(f'<Member Name={quoteattr(name)} Value="{value}" />' for name, value in members.items())
        lines.append(f"<EnumType Name={quoteattr(enum)}>{inner}</EnumType>")
    for one in shown.sets.values():
        keys = "".join(f"<PropertyRef Name={quoteattr(key)} />" for key in one.keys)
        fields = "".join(
            f"<Property Name={quoteattr(field.name)} Type={quoteattr(field.full_type)}"
            + ("" if field.nullable else ' Nullable="false"')
            + " />"
            for field in one.properties.values()
        )
        lines.append(f"<EntityType Name={quoteattr(one.type)}><Key>{keys}</Key>{fields}</EntityType>")
    lines.append('<EntityContainer Name="Resources">')
    for one in shown.sets.values():
        lines.append(f'<EntitySet Name={quoteattr(one.name)} EntityType="{NAMESPACE}.{one.type}" />')
    return "\n".join([*lines, "</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>", ""])


def public_entity(shown: EntitySet, read_only: frozenset[str], mandatory: frozenset[str]) -> dict[str, Any]:
    """`/metadata/PublicEntities('Type')`: what a field is called and of which type, whether it must and may be set."""
    return {
        "Name": shown.type,
        "EntitySetName": shown.name,
        "IsReadOnly": False,
        "Properties": [
            {
                "Name": field.name,
                "TypeName": field.full_type,
                "DataType": "Enum" if field.is_enum else field.type,
                "IsKey": field.name in shown.keys,
                "IsMandatory": field.name in mandatory,
                "AllowEdit": field.name not in read_only and field.name not in shown.keys,
                "IsDimension": field.name.endswith("DisplayValue"),
            }
            for field in shown.properties.values()
        ],
        "NavigationProperties": [
            {"Name": name, "Cardinality": "Multiple" if many else "Single"} for name, many in shown.navigation.items()
        ],
        "Actions": [],
    }
