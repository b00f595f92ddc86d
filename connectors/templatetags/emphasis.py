"""How do templates show a sentence in which names of a vendor's screens are set off?"""

from __future__ import annotations

from django import template

from connectors import emphasis

register = template.Library()
register.filter("emphasised", emphasis.emphasised)
register.filter("plain", emphasis.plain)

CHECK_COLOURS = {"ok": "success", "warning": "warning", "failed": "danger"}


@register.filter
def check_colour(state: str) -> str:
    """The colour of a row of a checklist."""
    return CHECK_COLOURS.get(state, "default")
