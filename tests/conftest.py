"""What may no test do? Talk to anything but this machine."""

import socket
from collections.abc import Iterator

import pytest

LOOPBACK = ("127.", "::1", "localhost")


class NetworkBlockedError(Exception):
    """A test tried to leave the machine."""


@pytest.fixture(autouse=True, scope="session")
def network_stays_on_this_machine() -> Iterator[None]:
    real_connect = socket.socket.connect

    def connect(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and not str(address[0]).startswith(LOOPBACK):
            raise NetworkBlockedError(f"a test tried to reach {address[0]}")
        real_connect(self, address)  # type: ignore[arg-type]

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", connect)
    yield
    patch.undo()
