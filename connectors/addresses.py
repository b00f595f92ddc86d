"""Which network addresses may a connection lead to? Asked of the address really connected to, not of its name."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from connectors.errors import ConfigurationError

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

NAT64 = ipaddress.ip_network("64:ff9b::/96")


def address_check(address: str, *, allow_private: bool) -> str:
    """The address without a trailing slash, if a client may be pointed at it. Raises ConfigurationError.

    Looks at the text alone: https (http only where private addresses are allowed), a host, no user, query or
    fragment. What the host's name leads to is checked when it is connected to (`peer_check`)."""
    try:
        url = urlsplit(address)
        port = url.port
    except ValueError as error:
        raise ConfigurationError(f"{address!r} is not a web address: {error}.") from error
    if url.scheme not in ("http", "https") or not url.hostname or port == 0:
        raise ConfigurationError(f"{address!r} is not a web address; it should begin with https://.")
    if url.username or url.password or url.query or url.fragment:
        raise ConfigurationError(f"The address of {url.hostname} may hold no user, password, query or fragment.")
    if any(ord(sign) <= 32 for sign in address):
        raise ConfigurationError("An address may hold no spaces or control characters.")
    if url.scheme == "http" and not allow_private:
        raise ConfigurationError(
            f"{url.hostname} must be reached over https, or its credentials would travel in clear."
        )
    return address.rstrip("/")


def resolve(host: str, port: int) -> list[tuple[socket.AddressFamily, tuple[str, int]]]:
    """The addresses of a host name, in the resolver's order. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(socket.AddressFamily(family), peer) for family, _, _, _, peer in found]  # type: ignore[misc]


def peer_check(host: str, ip: str, *, is_secure: bool, allow_private: bool) -> None:
    """Raises ConfigurationError when the IP address that a host name led to may not be connected to.

    Always refused: link-local (cloud metadata), multicast, reserved and unspecified addresses. Private and loopback
    ones need `allow_private`; unencrypted http goes nowhere else."""
    address = _innermost(ipaddress.ip_address(ip.partition("%")[0]))
    if address.is_link_local or address.is_multicast or address.is_unspecified or _is_reserved(address):
        raise ConfigurationError(f"{host} leads to {address}, an address that no vendor can have.")
    if not address.is_global and not allow_private:
        raise ConfigurationError(
            f"{host} leads to {address} in a private network. "
            "Set MLC_ALLOW_PRIVATE_ADDRESSES if your ledger really stands there.",
            code="private_address",
        )
    if not is_secure and address.is_global:
        raise ConfigurationError(f"{host} must be reached over https, or its credentials would travel in clear.")


def _innermost(address: IPAddress) -> IPAddress:
    """The IPv4 address inside a mapped, translated, 6to4 or Teredo one: a way around a guard otherwise."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped:
        return address.ipv4_mapped
    if address.sixtofour:
        return address.sixtofour
    if address.teredo:
        return address.teredo[1]
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _is_reserved(address: IPAddress) -> bool:
    return address.is_reserved and not address.is_loopback
