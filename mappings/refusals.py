"""Why was a change of the set-up refused? All reasons at once, in sentences for the person who asked for it."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Model


class RefusedError(Exception):
    """Nothing was changed; `reasons` are sentences. Those of the policy's set-up rules begin with X1 to X6."""

    def __init__(self, *reasons: str) -> None:
        super().__init__(" ".join(reasons))
        self.reasons: tuple[str, ...] = reasons


def of_one_tenant(tenant_id: int, **parts: Model | None) -> None:
    """Raises RefusedError if any part is another tenant's, without telling anything about it."""
    strangers = [
        name.replace("_", " ")
        for name, part in parts.items()
        if part is not None and getattr(part, "tenant_id", tenant_id) != tenant_id
    ]
    refuse_if([f"There is no such {name} in this tenant." for name in strangers])


def refuse_if(reasons: Sequence[str]) -> None:
    """Raises RefusedError when there is at least one reason."""
    if reasons:
        raise RefusedError(*reasons)
