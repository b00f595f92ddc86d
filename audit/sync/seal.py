"""Has anybody changed what was written? Rows are sealed in batches after the fact, each seal with the last one's hash.

A statement trigger notes the ids of new rows; one sealer at a time turns what is noted into a `SealPart` for each
tenant and table (the ids and eight bytes of each row's digest) and a `Seal` over the parts. A late commit lands in the
next seal. Whoever can write to the database can still rebuild the whole chain: the head that left the house says no.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import connection as database
from django.db import transaction

from audit.models import Seal, SealPart

SEALER = 7_203_114  # advisory lock: one sealer at a time
DIGEST_BYTES = 8
FIRST = "0" * 64
AT_ONCE = 2_000  # noted statements a seal takes

SEALED_TABLES = {
    "audit_auditevent": "id",
    "connectors_historicaltenant": "history_id",
    "connectors_historicalmembership": "history_id",
    "connectors_historicalconnection": "history_id",
    "mappings_historicalflow": "history_id",
    "mappings_historicalfamilyowner": "history_id",
    "mappings_historicalroleaccount": "history_id",
    "mappings_historicalmappingrule": "history_id",
}
DIGESTS = """
SELECT row.{pk}, substring(sha256(convert_to(
         (SELECT string_agg(entry.key || '=' || entry.value::text, E'\\x1f' ORDER BY entry.key)
            FROM jsonb_each(to_jsonb(row)) entry WHERE entry.key = ANY(%(columns)s)), 'UTF8')) FOR {bytes})
  FROM {table} row
 WHERE row.{pk} = ANY(%(ids)s)
 ORDER BY row.{pk}
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it was sealed."""

    kind: str  # changed, removed, slipped_in, broken_chain
    table: str
    row_id: int | None
    message: str


def seal_pending() -> int:
    """Seal what is noted; answers the number of rows. One sealer works, any other answers 0 at once."""
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [SEALER])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(
            "DELETE FROM audit_unsealed WHERE id IN (SELECT id FROM audit_unsealed ORDER BY id LIMIT %s) "
            "RETURNING table_name, tenant_id, row_ids",
            [AT_ONCE],
        )
        noted: dict[tuple[str, int | None], list[int]] = defaultdict(list)
        for table, tenant_id, row_ids in cursor.fetchall():
            noted[table, tenant_id] += row_ids
        if not noted:
            return 0
        last = Seal.objects.order_by("-number").first()
        parts = [_part(table, tenant_id, sorted(ids)) for (table, tenant_id), ids in sorted(noted.items(), key=str)]
        number = last.number + 1 if last else 1
        previous = last.hash if last else FIRST
        seal = Seal.objects.create(number=number, previous_hash=previous, hash=_seal_hash(number, previous, parts))
        for part in parts:
            part.seal = seal
        SealPart.objects.bulk_create(parts)
        return sum(len(ids) for ids in noted.values())


def seal_head() -> str:
    """What leaves the house daily: the number and hash of the newest seal."""
    last = Seal.objects.order_by("-number").first()
    return f"{last.number}:{last.hash}" if last else f"0:{FIRST}"


def seal_verify(*, tenant_id: int | None = None) -> Iterator[Finding]:
    """Compare everything with its seals. With a tenant only its rows are read; the others' part hashes stand in."""
    previous, number = FIRST, 0
    covered: dict[str, set[int]] = defaultdict(set)
    for seal in Seal.objects.order_by("number").prefetch_related("parts").iterator(chunk_size=200):
        parts = sorted(seal.parts.all(), key=lambda part: (part.table, str(part.tenant_id)))
        number += 1
        if seal.number != number or seal.previous_hash != previous:
            yield Finding(
                "broken_chain", "audit_seal", seal.number, f"Seal {seal.number} does not follow seal {number - 1}."
            )
            number = seal.number
        if _seal_hash(seal.number, seal.previous_hash, parts) != seal.hash:
            yield Finding("broken_chain", "audit_seal", seal.number, f"Seal {seal.number} is not what its parts give.")
        previous = seal.hash
        for part in parts:
            if _part_hash(part) != part.hash:
                yield Finding("broken_chain", part.table, None, f"A part of seal {seal.number} was changed.")
            if tenant_id is None or part.tenant_id == tenant_id:
                ids = _ids(part.ranges["ids"])
                covered[part.table].update(ids)
                yield from _compare(part, ids)
    for table, pk in SEALED_TABLES.items():
        yield from _uncovered(table, pk, covered[table], tenant_id)


def _part(table: str, tenant_id: int | None, ids: Sequence[int]) -> SealPart:
    columns = _columns(table)
    digests = b"".join(digest for _, digest in _digests(table, ids, columns))
    part = SealPart(tenant_id=tenant_id, table=table, ranges={"ids": _ranges(ids), "columns": columns}, digests=digests)
    part.hash = _part_hash(part)
    return part


def _compare(part: SealPart, ids: Sequence[int]) -> Iterator[Finding]:
    now = dict(_digests(part.table, ids, part.ranges["columns"]))
    sealed = bytes(part.digests)
    for at, row_id in enumerate(ids):
        digest = sealed[at * DIGEST_BYTES : (at + 1) * DIGEST_BYTES]
        if row_id not in now:
            yield Finding("removed", part.table, row_id, f"Row {row_id} of {part.table} was removed.")
        elif now[row_id] != digest:
            yield Finding("changed", part.table, row_id, f"Row {row_id} of {part.table} was changed.")


def _uncovered(table: str, pk: str, covered: set[int], tenant_id: int | None) -> Iterator[Finding]:
    """Rows that no seal and no note knows came in by a back door."""
    where = "" if tenant_id is None else f"WHERE tenant_id = {int(tenant_id)}"
    if tenant_id is not None and table == "connectors_historicaltenant":
        where = f"WHERE id = {int(tenant_id)}"
    with database.cursor() as cursor:
        cursor.execute("SELECT unnest(row_ids) FROM audit_unsealed WHERE table_name = %s", [table])
        pending = {row[0] for row in cursor.fetchall()}
        cursor.execute(f"SELECT {pk} FROM {table} {where} ORDER BY {pk}")  # noqa: S608 - names of our own tables
        for (row_id,) in cursor.fetchall():
            if row_id not in covered and row_id not in pending:
                yield Finding("slipped_in", table, row_id, f"Row {row_id} of {table} was never sealed.")


def _digests(table: str, ids: Sequence[int], columns: Sequence[str]) -> list[tuple[int, bytes]]:
    if table not in SEALED_TABLES:
        raise ValueError(f"{table} is not a sealed table.")
    with database.cursor() as cursor:
        cursor.execute("SET LOCAL TimeZone = 'UTC'" if database.in_atomic_block else "SET TimeZone = 'UTC'")
        cursor.execute(
            DIGESTS.format(table=table, pk=SEALED_TABLES[table], bytes=DIGEST_BYTES),
            {"ids": list(ids), "columns": list(columns)},
        )
        return [(row_id, bytes(digest)) for row_id, digest in cursor.fetchall()]


def _columns(table: str) -> list[str]:
    with database.cursor() as cursor:
        return sorted(column.name for column in database.introspection.get_table_description(cursor, table))


def _ranges(ids: Sequence[int]) -> list[list[int]]:
    ranges: list[list[int]] = []
    for row_id in ids:
        if ranges and row_id == ranges[-1][1] + 1:
            ranges[-1][1] = row_id
        else:
            ranges.append([row_id, row_id])
    return ranges


def _ids(ranges: Sequence[Sequence[int]]) -> list[int]:
    return [row_id for first, last in ranges for row_id in range(first, last + 1)]


def _part_hash(part: SealPart) -> str:
    text = f"{part.table}|{part.tenant_id}|{part.ranges['ids']}|{','.join(part.ranges['columns'])}|"
    return hashlib.sha256(text.encode() + bytes(part.digests)).hexdigest()


def _seal_hash(number: int, previous: str, parts: Sequence[SealPart]) -> str:
    ordered = sorted(parts, key=lambda part: (part.table, str(part.tenant_id)))
    text = "|".join([str(number), previous, *(part.hash for part in ordered)])
    return hashlib.sha256(text.encode()).hexdigest()
