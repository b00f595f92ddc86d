"""Where in Odoo are documents of ours? By stamp, in every state, confirmed by external id."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from connectors.odoo.client import OdooClient
from connectors.odoo.schema import Move, MoveLine, PartnerRow, PaymentRow, Row
from connectors.odoo.stamps import stamp_from


@dataclass(frozen=True, slots=True)
class Found:
    """Everything that bears one stamp: the record with its external id, and others that only claim it."""

    stamp: str
    mine: Row | None
    others: tuple[Row, ...] = ()

    @property
    def document(self) -> Row | None:
        """The one record, if there is one: also where somebody removed the external id."""
        return self.mine or (self.others[0] if len(self.others) == 1 else None)

    @property
    def is_twice(self) -> bool:
        return len(self.others) + (self.mine is not None) > 1


class Lookup:
    """Searches of one company. `ir.model.data` is closed to ordinary users, so the stamp is also in a field that can
    be searched, and the external id decides. Methods may raise ConnectorErrors; all are safe to repeat."""

    def __init__(self, client: OdooClient, company: str) -> None:
        self.client = client
        self.company = company

    def moves(self, stamps: Iterable[str]) -> dict[str, Found]:
        """Entries, bills and credits, drafts and cancelled ones too. Odoo's own reversal of a document copies its
        `invoice_origin`, and the entry of a payment has the payment's memo as `ref`: neither is a second one."""
        wanted = sorted(set(stamps))
        rows = self.client.rows(
            Move,
            [["company_id", "=", int(self.company)], "|", ["invoice_origin", "in", wanted], ["ref", "in", wanted]],
            company=self.company,
        )
        claims: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            if row.origin_payment_id is None and row.reversed_entry_id is None:
                claims[row.invoice_origin if row.invoice_origin in wanted else row.ref].append(row)
        return self._confirmed("account.move", wanted, claims)

    def payments(self, stamps: Iterable[str]) -> dict[str, Found]:
        wanted = sorted(set(stamps))
        rows = self.client.rows(
            PaymentRow,
            [["company_id", "=", int(self.company)], ["memo", "in", wanted]],
            company=self.company,
        )
        claims: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            claims[row.memo].append(row)
        return self._confirmed("account.payment", wanted, claims)

    def partners(self, stamps: Iterable[str]) -> dict[str, Found]:
        wanted = sorted(set(stamps))
        rows = self.client.rows(PartnerRow, [["ref", "in", wanted]], company=self.company, is_archived_too=True)
        claims: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            claims[row.ref].append(row)
        return self._confirmed("res.partner", wanted, claims)

    def moves_by_id(self, ids: Sequence[int]) -> dict[int, Move]:
        rows = self.client.rows(Move, [["id", "in", sorted(set(ids))]], company=self.company) if ids else []
        return {row.id: row for row in rows}

    def payments_by_id(self, ids: Sequence[int]) -> dict[int, PaymentRow]:
        rows = self.client.rows(PaymentRow, [["id", "in", sorted(set(ids))]], company=self.company) if ids else []
        return {row.id: row for row in rows}

    def lines(self, move_ids: Iterable[int]) -> dict[int, list[MoveLine]]:
        """The lines of moves, by move."""
        wanted = sorted(set(move_ids))
        found: dict[int, list[MoveLine]] = {one: [] for one in wanted}
        rows = self.client.rows(MoveLine, [["move_id", "in", wanted]], company=self.company) if wanted else []
        for row in rows:
            if row.move_id in found:
                found[row.move_id].append(row)
        return found

    def _confirmed(self, model: str, wanted: list[str], claims: dict[str, list[Row]]) -> dict[str, Found]:
        ids = [row.id for rows in claims.values() for row in rows]
        names = self.client.external_ids(model, ids, company=self.company)
        result = {}
        for stamp in wanted:
            mine: Row | None = None
            others: list[Row] = []
            for row in claims.get(stamp, []):
                stamps = {stamp_from(name) for name in names.get(row.id, [])} - {""}
                if stamp in stamps:
                    mine = row
                elif not stamps:  # somebody else's, typed or copied with our stamp; ours under another stamp is neither
                    others.append(row)
            result[stamp] = Found(stamp, mine, tuple(others))
        return result
