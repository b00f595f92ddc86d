"""Which problems can a translation name? The codes that people meet, and the error that carries gaps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from connectors.errors import ConnectorError

if TYPE_CHECKING:
    from mappings.translate.context import Need

PROBLEM_CODES = {
    "missing_mapping": "No rule leads from this value to the ledger",
    "missing_role": "An account role is not configured",
    "missing_vendor": "No vendor of the ledger fits",
    "missing_employee": "No partner of the ledger is this employee",
    "unknown_kind": "The source sent a kind that needs a person's decision",
    "sign_contradicts_kind": "The amount's sign contradicts what the record says it is",
    "parts_do_not_sum": "The lines do not add up to the stated total",
    "extra_decimals": "The amount has more decimals than its currency",
    "one_sided_lines": "The record's lines do not make a balanced entry",
    "no_amount": "The source gave no amount",
    "no_date": "The source gave no date",
    "closed_period": "The posting day lies in a closed period",
    "fiscal_year_end": "Moving the day would cross a fiscal year end",
    "no_rate": "The ledger has no exchange rate",
    "inactive_currency": "The currency is not active in the ledger",
    "decimals_differ": "The ledger keeps this currency with other decimals",
    "missing_link": "The record it belongs to is not posted or not known",
    "ambiguous_link": "More than one record fits",
    "refund_exceeds_purchase": "The refunds exceed the purchase",
    "possible_duplicate": "This may be posted already",
    "intercompany": "Another company's money",
    "partly_personal": "Flagged personal without amounts",
    "tax_differs": "The tax differs from the ledger's",
    "changed_after_posting": "The source changed what is already posted",
    "inactive_value": "A mapped ledger value is archived",
}


class MissingMappingError(ConnectorError):
    """No rule for one or more values; carries all of them."""

    code = "missing_mapping"

    def __init__(self, message: str, needs: Sequence[Need]) -> None:
        super().__init__(message)
        self.needs = tuple(needs)
