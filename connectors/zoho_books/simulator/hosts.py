"""Which data centres are there, and to which of them was a request sent?

The hosts are those of https://www.zoho.com/accounts/protocol/oauth/multi-dc.html and
https://www.zoho.com/books/api/v3/introduction/. Over HTTP on one address the path says it: `/dc/eu/...` is Europe's,
a path without it is the simulator's home, and either serves the accounts server and the API.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


@dataclass(frozen=True, slots=True)
class DataCentre:
    """One data centre; `location` is the word in the callback of an authorization."""

    location: str
    accounts_host: str
    api_host: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request arrived: data centre, the part that answers (`accounts`, `api` or `both`), addresses there."""

    centre: DataCentre
    part: str
    accounts_server: str
    api_domain: str


DATA_CENTRES = {
    one.location: one
    for one in (
        DataCentre("us", "accounts.zoho.com", "www.zohoapis.com"),
        DataCentre("eu", "accounts.zoho.eu", "www.zohoapis.eu"),
        DataCentre("in", "accounts.zoho.in", "www.zohoapis.in"),
        DataCentre("au", "accounts.zoho.com.au", "www.zohoapis.com.au"),
        DataCentre("jp", "accounts.zoho.jp", "www.zohoapis.jp"),
        DataCentre("ca", "accounts.zohocloud.ca", "www.zohoapis.ca"),
        DataCentre("cn", "accounts.zoho.com.cn", "www.zohoapis.com.cn"),
        DataCentre("sa", "accounts.zoho.sa", "www.zohoapis.sa"),
    )
}
_BY_HOST = {one.accounts_host: (one, "accounts") for one in DATA_CENTRES.values()} | {
    one.api_host: (one, "api") for one in DATA_CENTRES.values()
}
_CENTRE = "zoho.data_centre"
_PREFIX = re.compile(r"/dc/([a-z]{2})(?=/)")


def strip_prefix(environ: WSGIEnvironment) -> None:
    """Move `/dc/<location>` from the path to the script's name, as a mounted application has it."""
    found = _PREFIX.match(environ.get("PATH_INFO", ""))
    if found and found.group(1) in DATA_CENTRES:
        environ[_CENTRE] = found.group(1)
        environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + found.group(0)
        environ["PATH_INFO"] = environ["PATH_INFO"][found.end() :]


def place_of(request: Request, home: str) -> Place:
    """The data centre that a request speaks to, and the addresses that it tells its clients."""
    known = _BY_HOST.get(request.host)
    if known:
        centre, part = known
        return Place(centre, part, f"https://{centre.accounts_host}", f"https://{centre.api_host}")
    address = request.root_url.rstrip("/")
    return Place(DATA_CENTRES[request.environ.get(_CENTRE, home)], "both", address, address)


def address_of(place: Place, centre: DataCentre, home: str) -> str:
    """The accounts server of another data centre, as seen from where the request arrived."""
    if place.part != "both":
        return f"https://{centre.accounts_host}"
    root = re.sub(r"/dc/[a-z]{2}$", "", place.accounts_server)
    return root if centre.location == home else f"{root}/dc/{centre.location}"
