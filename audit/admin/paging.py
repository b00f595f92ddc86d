"""How many rows are there? Counted as far as it is cheap, estimated by PostgreSQL beyond."""

from __future__ import annotations

import json

from django.core.exceptions import EmptyResultSet
from django.core.paginator import Paginator
from django.db import connection as database
from django.db.models import QuerySet
from django.utils.functional import cached_property

COUNTED_EXACTLY = 5_000


class EstimatedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts exactly up to COUNTED_EXACTLY rows; beyond that the planner's estimate is good enough to page by."""

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        if not isinstance(rows, QuerySet):
            return len(rows)
        counted: int = rows.order_by()[: COUNTED_EXACTLY + 1].count()
        return counted if counted <= COUNTED_EXACTLY else max(counted, rows_estimated(rows))


def rows_estimated(rows: QuerySet) -> int:  # type: ignore[type-arg]
    """How many rows PostgreSQL expects, without counting them."""
    try:
        sql, parameters = rows.order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:
        return 0
    with database.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", parameters)
        plan = cursor.fetchone()[0]
    plan = json.loads(plan) if isinstance(plan, str) else plan
    return int(plan[0]["Plan"]["Plan Rows"])
