"""When are two names the same name? Without case, accents, punctuation and legal form."""

from __future__ import annotations

import re
import unicodedata

_LEGAL_FORMS = """
ab ag aps as asa bv bvba co company corp corporation eirl eood ev fze gmbh inc incorporated kft kg kgaa kk lda
limited llc llp lp ltd ltda mbh nv ohg oy oyj plc pllc pte pty pvt sa sapi sarl sas sasu sca se sl slu spa spzoo srl
sro ug
"""
LEGAL_FORMS = frozenset(_LEGAL_FORMS.split())
_DROPPED = re.compile("['`.\u2019\u00b4]")  # apostrophes of all kinds, and full stops
_SPLIT = re.compile(r"[^\w]+|_+", re.UNICODE)
_POLISH = re.compile(r"\bsp\s*z\s*oo\b")  # sp. z o.o., however it is spaced
_ARTICLES = frozenset({"the"})
_AND = frozenset({"and", "und", "et", "y", "e"})


def normalised_name(name: str) -> str:
    """The words that tell one company or person from another: "Müller & Söhne GmbH & Co. KG" is "muller sohne".

    Falls back to all words when nothing but legal forms would be left. Empty only for a name without any letter."""
    decomposed = unicodedata.normalize("NFKD", name).casefold()
    plain = "".join(sign for sign in decomposed if not unicodedata.combining(sign))
    words = [word for word in _SPLIT.split(_POLISH.sub("spzoo", _DROPPED.sub("", plain))) if word]
    kept = words[1:] if len(words) > 1 and words[0] in _ARTICLES else list(words)
    while kept and (kept[-1] in LEGAL_FORMS or kept[-1] in _AND):
        kept.pop()
    kept = [word for word in kept if word not in _AND] or kept
    return " ".join(kept or words)


_CARRIER = re.compile(r"^(?:sq|tst|sp|pp|paypal|py|zettle|iz|sumup|cko)\s?\*\s*", re.IGNORECASE)
_PASSING = re.compile(r"^#\w*\d\w*$|^\d[\d./-]{2,}$")  # store #12, 0412, 800-555-0100


def merchant_name(descriptor: str) -> str:
    """What of a card statement's text names the merchant: neither who carried the payment nor what differs from one
    purchase to the next. "SQ *BLUE BOTTLE 0412" is "BLUE BOTTLE", "AMZN Mktp US*2K3XY" is "AMZN Mktp US".

    Never empty where the text is not: then the text itself."""
    plain = " ".join(descriptor.split())
    head, _, tail = _CARRIER.sub("", plain).partition("*")
    words = head.split()
    for word in tail.split():
        if any(sign.isdigit() for sign in word):
            break
        words.append(word)
    while len(words) > 1 and _PASSING.match(words[-1]):
        words.pop()
    return " ".join(words) or plain


def normalised_tax_id(tax_id: str) -> str:
    """Letters and digits in upper case; empty when there are fewer than five, which identify nobody."""
    kept = "".join(sign for sign in tax_id.upper() if sign.isalnum())
    return kept if len(kept) >= 5 else ""
