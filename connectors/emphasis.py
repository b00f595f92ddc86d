"""How are names of a vendor's screens set off in our sentences? Written as *Journal names*, shown as emphasis in pages
and without the asterisks in plain text: lists, JSON, terminals and the trail."""

from __future__ import annotations

import re

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

_MARKED = re.compile(r"(?<![\w*])\*(?![\s*])([^*\n]+?)(?<!\s)\*(?![\w*])")


def emphasised(text: object) -> SafeString:
    """For a page. Everything is escaped first, whoever wrote it, so that nothing else becomes markup."""
    return mark_safe(_MARKED.sub(r"<em>\1</em>", escape(str(text))))  # noqa: S308 - escaped just now


def plain(text: object) -> str:
    """For plain text; an asterisk that is none of ours stays."""
    return _MARKED.sub(r"\1", str(text))
