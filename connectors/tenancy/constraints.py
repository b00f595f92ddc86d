"""How does the database itself refuse rows that mix two tenants?"""

from django.db import migrations


def tenant_fk(table: str, column: str, parent_table: str, *, tenant_column: str = "tenant_id") -> migrations.RunSQL:
    """A migration operation: the row that `column` points at belongs to the same tenant, or the database refuses.

    The parent needs a unique constraint on (id, tenant_id). Deferred to the commit like Django's own foreign keys; a
    NULL in either column is let through."""
    name = f"{table}_{column}_tenant_fk"
    if len(name) > 63:
        raise ValueError(f"{name} is longer than a name may be in PostgreSQL.")
    return migrations.RunSQL(
        f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" FOREIGN KEY ("{column}", "{tenant_column}") '
        f'REFERENCES "{parent_table}" ("id", "tenant_id") DEFERRABLE INITIALLY DEFERRED',
        f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"',
    )
