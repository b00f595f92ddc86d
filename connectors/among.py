"""How are many values looked for at once? `field__among=values` passes them as one array: `= ANY(…)`.

Django's `in` makes a parameter of each: with the ids of a batch that is hundreds to prepare, quote and parse in every
statement, whose text then also changes with their number.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.sql.compiler import SQLCompiler


@models.ForeignKey.register_lookup  # relations keep their own list
@models.Field.register_lookup
class Among(models.Lookup):
    """Matches when the column is one of these plain values (texts or whole numbers); of none it matches nothing."""

    lookup_name = "among"
    prepare_rhs = False

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        left, params = self.process_lhs(compiler, connection)
        return f"{left} = ANY(%s)", (*params, list(self.rhs))
