"""What does a vendor promise whose customers give their consent in the browser?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from connectors.base.context import ConnectionContext


@dataclass(frozen=True, slots=True)
class Granted:
    """What a consent gave: values of the vendor's credentials, to be kept with those that are stored, the address where
    the account lives, if that is known only now (empty: where the connection leads already), and whose consent it is,
    as the vendor counts them (empty: not known)."""

    credentials: Mapping[str, str]
    address: str = ""
    given_by: str = ""


@dataclass(frozen=True, slots=True)
class Authorization:
    """Consent by OAuth's authorization code.

    `consent_url` is where the person is sent, given the address to which he comes back and a state that must come back
    with him. `exchange` makes credentials of what he came back with (the query of that address), or of a code that he
    pasted (`{"code": …}` and no address to come back to). It may raise ConnectorErrors, and trusts no host that is not
    the vendor's own."""

    consent_url: Callable[[ConnectionContext, str, str], str]
    exchange: Callable[[ConnectionContext, str, Mapping[str, str]], Granted]
    remark: str = ""  # what the person should know before he is sent away
    most: int = 0  # consents that the vendor keeps of one user; one more ends the oldest (0: any)
    pasted: str = ""  # what kind of code he may paste instead; empty: none
