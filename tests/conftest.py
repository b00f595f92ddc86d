"""What may no test do? Talk to anything but this machine, and the live systems it was given."""

import os
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from connectors.zoho_books.regions import accounts_address
from mappings.setup import setups_forget


class NetworkBlockedError(Exception):
    """A test tried to leave the machine."""


def _allowed() -> set[str]:
    addresses = [os.environ.get(name, "") for name in ("ODOO_URL", "ZOHO_URL")]
    hosts = [urlsplit(one).hostname for one in (*addresses, accounts_address(addresses[-1]))]
    return {str(found[4][0]) for host in hosts if host for found in socket.getaddrinfo(host, None)}


@pytest.fixture(autouse=True, scope="session")
def network_stays_on_this_machine() -> Iterator[None]:
    allowed = _allowed()
    patch = pytest.MonkeyPatch()
    for name in ("connect", "connect_ex"):
        real = getattr(socket.socket, name)

        def guarded(self: socket.socket, address: object, real=real) -> object:
            if isinstance(address, tuple) and not _is_near(str(address[0])) and address[0] not in allowed:
                raise NetworkBlockedError(f"a test tried to reach {address[0]}")
            return real(self, address)

        patch.setattr(socket.socket, name, guarded)
    yield
    patch.undo()


def _is_near(host: str) -> bool:
    return host.startswith("127.") or host in ("::1", "localhost")


@pytest.fixture(autouse=True)
def nothing_is_remembered_of_other_tests() -> None:
    """Emptied tables count their ids anew, so what a process keeps by id belongs to rows of an earlier test."""
    setups_forget()
