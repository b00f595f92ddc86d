"""How is a method called over JSON-2 (Odoo 19 and later)? One POST, named arguments, one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.http import ApiClient


class Json2:
    """https://www.odoo.com/documentation/19.0/developer/reference/external_api.html"""

    def __init__(self, http: ApiClient) -> None:
        self.http = http

    def execute(
        self,
        model: str,
        method: str,
        ids: Sequence[int] | None,
        arguments: Mapping[str, Any],
        context: Mapping[str, Any],
        *,
        writes: bool,
    ) -> Any:
        """The method's answer. Raises ConnectorErrors; after an error that Odoo itself reports nothing was done."""
        body: dict[str, Any] = {**arguments, "context": dict(context)}
        if ids is not None:
            body["ids"] = list(ids)
        return self.http.request("POST", f"/json/2/{model}/{method}", json=body, writes=writes).json()
