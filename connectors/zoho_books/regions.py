"""In which data centre does an organisation live? Its API host and the accounts host that hands out its tokens.

An organisation lives in one data centre, and tokens of another do not work there:
https://www.zoho.com/books/api/v3/introduction/. The accounts hosts are those of
https://www.zoho.com/accounts/protocol/oauth/multi-dc.html; Canada's is not under zoho.ca."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class DataCentre:
    """`location` as the authorization redirect says it; `api` is the token answer's `api_domain`."""

    location: str
    label: str
    accounts: str
    api: str
    app: str


DATA_CENTRES = (
    DataCentre(
        "us", "United States", "https://accounts.zoho.com", "https://www.zohoapis.com", "https://books.zoho.com"
    ),
    DataCentre("eu", "Europe", "https://accounts.zoho.eu", "https://www.zohoapis.eu", "https://books.zoho.eu"),
    DataCentre("in", "India", "https://accounts.zoho.in", "https://www.zohoapis.in", "https://books.zoho.in"),
    DataCentre(
        "au", "Australia", "https://accounts.zoho.com.au", "https://www.zohoapis.com.au", "https://books.zoho.com.au"
    ),
    DataCentre("jp", "Japan", "https://accounts.zoho.jp", "https://www.zohoapis.jp", "https://books.zoho.jp"),
    DataCentre(
        "ca", "Canada", "https://accounts.zohocloud.ca", "https://www.zohoapis.ca", "https://books.zohocloud.ca"
    ),
    DataCentre(
        "cn", "China", "https://accounts.zoho.com.cn", "https://www.zohoapis.com.cn", "https://books.zoho.com.cn"
    ),
    DataCentre("sa", "Saudi Arabia", "https://accounts.zoho.sa", "https://www.zohoapis.sa", "https://books.zoho.sa"),
)
DEFAULT = DATA_CENTRES[0]


def centre_of(address: str) -> DataCentre | None:
    """The data centre of an API address; None for anybody else's (a simulator)."""
    host = urlsplit(address).hostname
    return next((one for one in DATA_CENTRES if urlsplit(one.api).hostname == host), None)


def accounts_address(address: str) -> str:
    """Where tokens for an API address come from: never a setting of its own, as client secret and refresh token go
    there. A server that is not Zoho's (a simulator) has it beside its API."""
    centre = centre_of(address)
    return centre.accounts if centre else address.rstrip("/")


def centre_at(accounts_server: str) -> DataCentre | None:
    """The data centre of an accounts host, as the authorization redirect names it; None if it is not one of Zoho's."""
    return next((one for one in DATA_CENTRES if one.accounts == accounts_server.rstrip("/")), None)
