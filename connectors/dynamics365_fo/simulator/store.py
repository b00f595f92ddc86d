"""How does the simulator keep records: keys that ignore case, indexes, versions, transactions that can be undone?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

Row = dict[str, Any]
Key = tuple[Any, ...]

# Sets that show the same records under other names.
SAME_TABLE = {"VendorsV2": "VendorsV3"}
INDEXED = {
    "LedgerJournalHeaders": ("JournalBatchNumber", "IntegrationKey", "Description"),
    "LedgerJournalLines": ("JournalBatchNumber", "Document", "Voucher", "Invoice"),
    "VendInvoiceJournalHeaders": ("JournalBatchNumber", "Description"),
    "VendInvoiceJournalLines": ("JournalBatchNumber", "Document", "Invoice"),
    "VendorPaymentJournalHeaders": ("JournalBatchNumber", "Description"),
    "VendorPaymentJournalLines": ("JournalBatchNumber", "PaymentReference", "MarkedInvoice"),
    "VendorInvoiceHeaders": ("HeaderReference", "InvoiceNumber"),
    "VendorInvoiceLines": ("HeaderReference",),
    "VendorInvoiceDocumentAttachments": ("HeaderReference",),
    "VendorsV3": ("VendorAccountNumber", "OurAccountNumber", "VendorOrganizationName"),
    "GeneralJournalEntryBiEntities": ("SubledgerVoucher", "DocumentNumber", "SourceKey"),
    "GeneralJournalAccountEntryBiEntities": ("GeneralJournalEntry",),
    "VendTransBiEntities": ("AccountNum", "Invoice", "Voucher", "JournalNum", "DocumentNum"),
    "VendInvoiceJourBiEntities": ("InvoiceId", "InvoiceAccount"),
    "FinancialDimensionValues": ("FinancialDimension", "DimensionValue"),
    "MainAccounts": ("MainAccountId",),
}


def folded(value: Any) -> Any:
    """A value as the database compares it: text without case and trailing blanks, numbers by value."""
    return value.lower().rstrip() if isinstance(value, str) else value


class Table:
    """The records behind one entity set, by key and by the indexed fields."""

    def __init__(self, keys: tuple[str, ...], indexed: tuple[str, ...]) -> None:
        self.keys = keys
        self.rows: dict[Key, Row] = {}
        self.indexes: dict[str, dict[Any, dict[Key, None]]] = {field: {} for field in indexed}

    def key_of(self, row: Row) -> Key:
        return tuple(folded(row.get(field)) for field in self.keys)

    def add(self, row: Row) -> None:
        key = self.key_of(row)
        self.rows[key] = row
        for field, index in self.indexes.items():
            index.setdefault(folded(row.get(field, "")), {})[key] = None

    def drop(self, row: Row) -> None:
        key = self.key_of(row)
        del self.rows[key]
        for field in self.indexes:
            self._unlist(field, row.get(field, ""), key)

    def alter(self, row: Row, values: Row) -> None:
        """Replace a record's values; it keeps its place among the others while its key stays."""
        if self.key_of(values) != self.key_of(row):
            self.drop(row)
            row.clear()
            row.update(values)
            self.add(row)
            return
        key = self.key_of(row)
        for field, index in self.indexes.items():
            before, after = row.get(field, ""), values.get(field, "")
            if folded(before) != folded(after):
                self._unlist(field, before, key)
                index.setdefault(folded(after), {})[key] = None
        row.clear()
        row.update(values)

    def _unlist(self, field: str, value: Any, key: Key) -> None:
        entries = self.indexes[field][folded(value)]
        del entries[key]
        if not entries:
            del self.indexes[field][folded(value)]

    def by(self, field: str, value: Any) -> list[Row]:
        """The records whose indexed field has this value, oldest first."""
        return [self.rows[key] for key in self.indexes[field].get(folded(value), ())]


class Store:
    """All tables. Outside a transaction every change stands at once; inside it is undone by an exception."""

    def __init__(self) -> None:
        self.tables: dict[str, Table] = {}
        self.commits = 0
        self.writer = ""
        self._next_id = 68_719_500_000
        self._undo: list[Callable[[], None]] | None = None

    def declare(self, name: str, keys: tuple[str, ...]) -> None:
        if name not in SAME_TABLE:
            self.tables[name] = Table(keys, INDEXED.get(name, ()))

    def table(self, name: str) -> Table:
        return self.tables[SAME_TABLE.get(name, name)]

    def find(self, name: str, *key: Any) -> Row | None:
        """The record with these key values, in the order of the key fields."""
        return self.table(name).rows.get(tuple(folded(part) for part in key))

    def new_id(self) -> int:
        self._next_id += 1
        return self._next_id

    def insert(self, name: str, row: Row) -> Row:
        table = self.table(name)
        row |= {"_id": self.new_id(), "_version": 1, "_commit": self.commits + 1, "_writer": self.writer}
        table.add(row)
        self._undoes(lambda: table.drop(row))
        return row

    def update(self, name: str, row: Row, changes: Row) -> Row:
        table = self.table(name)
        before = dict(row)
        marks = {"_version": row["_version"] + 1, "_commit": self.commits + 1, "_writer": self.writer}
        table.alter(row, {**row, **changes, **marks})
        self._undoes(lambda: table.alter(row, before))
        return row

    def delete(self, name: str, row: Row) -> None:
        table = self.table(name)
        table.drop(row)
        self._undoes(lambda: table.add(row))

    @contextmanager
    def transaction(self, writer: str = "") -> Iterator[None]:
        """All or nothing; nested ones belong to the outermost."""
        if self._undo is not None:
            yield
            return
        self._undo, self.writer = [], writer
        try:
            yield
        except BaseException:
            for undo in reversed(self._undo):
                undo()
            raise
        else:
            self.commits += 1
        finally:
            self._undo, self.writer = None, ""

    def _undoes(self, undo: Callable[[], None]) -> None:
        if self._undo is not None:
            self._undo.append(undo)


def plain(row: Row) -> Row:
    """A record without the simulator's own marks, for states and tests."""
    return {name: value for name, value in row.items() if not name.startswith("_")}


def money(value: Any) -> Decimal:
    """A stored amount; an absent one is zero."""
    return value if isinstance(value, Decimal) else Decimal(value or 0)
