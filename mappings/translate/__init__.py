"""From a record to its documents: pure functions by kind of money event, not by vendor."""

from mappings.translate.accrual import accrual_reversed, accrue
from mappings.translate.dispatch import RULES, translate, wants
from mappings.translate.journal_text import render_journal
from mappings.translate.reversal import assemble_reversal, document_differs

__all__ = [
    "RULES",
    "accrual_reversed",
    "accrue",
    "assemble_reversal",
    "document_differs",
    "render_journal",
    "translate",
    "wants",
]
