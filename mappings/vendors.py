"""Which partner of the ledger is this vendor or employee? Exact ways first, then the nearest name by a clear margin."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field
from datetime import date

from rapidfuzz import fuzz, process

from connectors.documents import Partner
from connectors.records import Coded
from mappings.names import normalised_name, normalised_tax_id
from mappings.translate.context import Policies, Resolver, RuleHit, VendorAnswer

OFFERED = 3
REMEMBERED = 50_000


@dataclass(frozen=True, slots=True)
class PartnerRow:
    """One partner of the ledger as it was last listed; `code` is the reference people gave it there."""

    id: str
    name: str
    code: str = ""
    tax_id: str = ""
    email: str = ""
    is_active: bool = True


@dataclass(slots=True)
class PartnerIndex:
    """Partners of one kind, indexed once for a version of the reference values and shared by all flows."""

    rows: dict[str, PartnerRow] = field(default_factory=dict)
    by_code: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    by_tax_id: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    by_email: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    by_name: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    names: list[str] = field(default_factory=list)
    nearest_of: dict[str, list[tuple[str, int]]] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[PartnerRow]) -> PartnerIndex:
        index = cls()
        for row in rows:
            index.rows[row.id] = row
            if not row.is_active:
                continue
            for value, place in (
                (row.code, index.by_code),
                (normalised_tax_id(row.tax_id), index.by_tax_id),
                (row.email.strip().casefold(), index.by_email),
                (normalised_name(row.name), index.by_name),
            ):
                if value:
                    place[value].append(row.id)
        index.names = list(index.by_name)
        return index

    def nearest(self, name: str) -> list[tuple[str, int]]:
        """Ids and scores (0 to 100) of the partners with the nearest names, best first; remembered per name."""
        if name not in self.nearest_of:
            if len(self.nearest_of) >= REMEMBERED:
                self.nearest_of.clear()
            found = process.extract(name, self.names, scorer=fuzz.token_sort_ratio, limit=OFFERED + 1, score_cutoff=45)
            self.nearest_of[name] = [
                (row_id, int(score)) for match, score, _ in found for row_id in self.by_name[match]
            ][: OFFERED + 1]
        return self.nearest_of[name]


class LedgerPartnerBook:
    """Vendors and employees for one flow; satisfies `translate.context.PartnerBook`.

    An accepted answer is a rule and comes first. A vendor is created (policy `create`) only when nothing in the
    ledger comes near; near ones are asked about, as a second partner for one supplier is hard to undo."""

    def __init__(self, vendors: PartnerIndex, employees: PartnerIndex, resolver: Resolver, policies: Policies) -> None:
        self._vendors = vendors
        self._employees = employees
        self._resolver = resolver
        self._policies = policies
        self._pending: Mapping[str, str] = {}

    def with_pending(self, pending: Mapping[str, str]) -> LedgerPartnerBook:
        """The same book, knowing vendors that are being created: key of our document by the source's vendor id, or
        by `name:<normalised name>`."""
        book = copy(self)
        book._pending = pending
        return book

    def vendor(self, *, id: str, name: str, tax_id: str, on: date, merchant: str = "") -> VendorAnswer:
        ruled = self._by_rule("vendor", (("vendor", id), ("merchant", merchant), ("merchant", name)), on)
        if ruled is not None:
            return ruled
        index, plain = self._vendors, normalised_name(name)
        for way, found in (
            (f"reference {id}", index.by_code.get(id, ()) if id else ()),
            (f"tax id {tax_id}", index.by_tax_id.get(normalised_tax_id(tax_id), ())),
            (f"name {name}", index.by_name.get(plain, ())),
        ):
            if len(found) == 1:
                return self._found(index, found[0], f"by its {way}")
            if found:
                return VendorAnswer(
                    because=f"{len(found)} vendors of the ledger have the {way}.",
                    candidates=tuple((row_id, index.rows[row_id].name, 100) for row_id in found[:OFFERED]),
                )
        pending = self._pending.get(id) if id else None
        pending = pending or self._pending.get(f"name:{plain}")
        if pending:
            return VendorAnswer(pending_key=pending, because=f"{name} is being created in the ledger.")
        return self._fuzzy(name, plain)

    def employee(self, *, id: str, name: str, email: str, on: date) -> VendorAnswer:
        ruled = self._by_rule("employee", (("employee", id),), on)
        if ruled is not None:
            return ruled
        mail, plain = email.strip().casefold(), normalised_name(name)
        candidates: list[tuple[str, str, int]] = []
        for index in (self._employees, self._vendors):
            for way, found in (
                (f"e-mail address {email}", index.by_email.get(mail, ()) if mail else ()),
                (f"name {name}", index.by_name.get(plain, ()) if plain else ()),
            ):
                if len(found) == 1:
                    return self._found(index, found[0], f"by the {way}")
                candidates += [(row_id, index.rows[row_id].name, 100) for row_id in found]
            candidates += [(row_id, index.rows[row_id].name, score) for row_id, score in index.nearest(plain)]
        because = "No partner of the ledger has this e-mail address or exactly this name."
        return VendorAnswer(because=because, candidates=tuple(dict.fromkeys(candidates))[:OFFERED])

    def _by_rule(self, target: str, keys: tuple[tuple[str, str], ...], on: date) -> VendorAnswer | None:
        for name, value in keys:
            hit = self._resolver.named(target, (Coded(name, value),), on) if value else None
            if hit is not None:
                return self._ruled(hit)
        return None

    def _ruled(self, hit: RuleHit) -> VendorAnswer:
        if hit.is_active:
            return VendorAnswer(partner=Partner(hit.value, hit.name), because=hit.because)
        return VendorAnswer(because=f"{hit.because}; but {hit.name or hit.value} is archived in the ledger.")

    def _found(self, index: PartnerIndex, row_id: str, way: str) -> VendorAnswer:
        row = index.rows[row_id]
        return VendorAnswer(partner=Partner(row.id, row.name), because=f"{row.name} {way}")

    def _fuzzy(self, name: str, plain: str) -> VendorAnswer:
        near = self._vendors.nearest(plain) if plain else []
        candidates = tuple((row_id, self._vendors.rows[row_id].name, score) for row_id, score in near[:OFFERED])
        threshold, margin = self._policies.vendor_threshold, self._policies.vendor_margin
        best = near[0][1] if near else 0
        second = near[1][1] if len(near) > 1 else 0
        if near and best >= threshold and best - second >= margin:
            answer = self._found(self._vendors, near[0][0], f"by a name that is {best} % alike")
            return VendorAnswer(partner=answer.partner, because=answer.because, candidates=candidates)
        if best >= threshold:
            alike = " and ".join(f"{other} ({score} %)" for _, other, score in candidates[:2])
            because = f"{alike}: no vendor is ahead of the others by {margin} points."
            return VendorAnswer(because=because, candidates=candidates)
        nearest = f" The nearest is {candidates[0][1]} ({best} %, {threshold} % needed)." if near else ""
        return self._missing(f"No vendor of the ledger is called {name or 'so'}.{nearest}", candidates, name)

    def _missing(self, because: str, candidates: tuple[tuple[str, str, int], ...], name: str) -> VendorAnswer:
        if self._policies.vendor == "default" and self._policies.default_vendor:
            row = self._vendors.rows.get(self._policies.default_vendor)
            if row is not None and row.is_active:
                return VendorAnswer(Partner(row.id, row.name), f"default vendor of the flow: {because}", candidates)
            return VendorAnswer(because=f"{because} The flow's default vendor is not there.", candidates=candidates)
        may_create = self._policies.vendor == "create" and bool(name.strip())
        return VendorAnswer(because=because, candidates=candidates, may_create=may_create)
