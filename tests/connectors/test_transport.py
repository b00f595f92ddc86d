"""Over which addresses, and until when, does a request leave the house? On real sockets of this machine."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connectors import http, transport
from connectors.addresses import address_check, peer_check
from connectors.base import ConnectionContext
from connectors.errors import ConfigurationError, ConnectorError, OutcomeUnknownError, PayloadError, TransportError
from connectors.http import ApiClient, NotSentError
from connectors.simulation import serve
from tests.conftest import NetworkBlockedError
from tests.connectors.echo import Echo, EchoCredentials, read_error


def client_at(address: str, *, allow_private: bool = True, patience: float = 5, **options: Any) -> ApiClient:
    context = ConnectionContext(
        address=address, credentials=EchoCredentials(), allow_private_addresses=allow_private, **options
    )
    timeout = (min(patience, 5), patience)
    return ApiClient(context, provider="Echo", auth=None, rules=(), read_body_error=read_error, timeout=timeout)


@pytest.fixture(autouse=True)
def one_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "TRIES", 1)


@contextmanager
def server(answer: Callable[[socket.socket], None], context: ssl.SSLContext | None = None) -> Iterator[int]:
    """A server on loopback that lets `answer` deal with each connection; gives its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(peer, server_side=True) if context else peer as one:
                    answer(one)
            except OSError:
                continue

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


# --- addresses


@pytest.mark.parametrize(
    "ip",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "::1",
        "fd00:ec2::254",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:0a00:0001::1",
    ],
)
def test_private_addresses_need_permission(ip: str) -> None:
    with pytest.raises(ConfigurationError, match="private network") as caught:
        peer_check("vendor.example", ip, is_secure=True, allow_private=False)
    assert caught.value.code == "private_address"
    peer_check("vendor.example", ip, is_secure=True, allow_private=True)


@pytest.mark.parametrize(
    "ip",
    [
        "169.254.169.254",
        "0.0.0.0",  # noqa: S104 - looked at, not bound to
        "::",
        "224.0.0.1",
        "ff02::1",
        "240.0.0.1",
        "fe80::1%eth0",
        "::ffff:169.254.169.254",
    ],
)
def test_some_addresses_are_never_a_vendors(ip: str) -> None:
    with pytest.raises(ConfigurationError, match="no vendor can have"):
        peer_check("vendor.example", ip, is_secure=True, allow_private=True)


def test_plain_http_goes_nowhere_but_into_allowed_private_networks() -> None:
    with pytest.raises(ConfigurationError, match="over https"):
        address_check("http://vendor.example", allow_private=False)
    with pytest.raises(ConfigurationError, match="over https"):
        peer_check("vendor.example", "93.184.215.14", is_secure=False, allow_private=True)
    peer_check("ledger.lan", "10.0.0.1", is_secure=False, allow_private=True)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "vendor.example",
        "ftp://vendor.example",
        "https://",
        "https://user@vendor.example",
        "https://vendor.example?key=1",
        "https://vendor.example#x",
        "https://vendor.example:99999",
        "https://vendor.example:0",
        "https://[::1",
        "https://vendor.example/a b",
        "https://vendor.example\n.evil.example",
        "javascript:alert(1)",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ConfigurationError):
        address_check(address, allow_private=True)


def test_a_name_that_leads_into_the_house_is_refused_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    echo = Echo()
    with serve(echo) as served:
        port = int(served.url.rpartition(":")[2])
        real = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", lambda host, *a, **k: real("127.0.0.1", *a, **k))
        with pytest.raises(ConfigurationError, match=r"leads to 127\.0\.0\.1"):
            client_at(f"https://vendor.example:{port}", allow_private=False).request("POST", "/x", writes=True)
    assert echo.call_count == 0


def test_a_second_answer_of_the_name_server_is_never_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: public when it is checked, private when it is connected to."""
    answers = ["93.184.215.14", "127.0.0.1", "127.0.0.1"]
    asked: list[str] = []

    def resolve(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers.pop(0), port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(NetworkBlockedError, match=r"93\.184\.215\.14"):
        client_at("https://vendor.example", allow_private=False).get("/x")
    assert asked == ["vendor.example"]


def test_one_private_address_among_public_ones_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 443)) for ip in ("93.184.215.14", "10.0.0.7")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(ConfigurationError, match=r"10\.0\.0\.7"):
        client_at("https://vendor.example", allow_private=False).get("/x")


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    with serve(Echo()) as served:
        assert client_at(served.url).get("/x").status == 200


# --- what never leaves


def test_a_refused_connection_an_unknown_name_and_a_failed_handshake_are_surely_not_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    addresses = [f"http://127.0.0.1:{port}", "https://vendor.invalid"]
    with server(lambda peer: peer.sendall(b"this is no TLS")) as plain:
        for address in (*addresses, f"https://127.0.0.1:{plain}"):
            with pytest.raises(NotSentError):
                client_at(address).request("POST", "/x", writes=True)


def test_a_certificate_that_is_not_trusted_is_a_matter_of_set_up(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "somebody")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "server.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with server(lambda peer: None, context) as port, pytest.raises(ConfigurationError, match="not trusted"):
        client_at(f"https://127.0.0.1:{port}").request("POST", "/x", writes=True)


def test_nothing_is_sent_after_a_sleep_beyond_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """A laptop closed between the lease's renewal and the send: boot time goes on, and the lease is somebody else's."""
    echo = Echo()
    with serve(echo) as served:
        client = client_at(served.url)
        client.get("/warm-up")
        asleep = 0.0
        monkeypatch.setattr(transport, "boot_seconds", lambda: time.clock_gettime(transport.BOOT_CLOCK) + asleep)
        send = client._session.send

        def late(*args: Any, **kwargs: Any) -> Any:
            nonlocal asleep
            asleep = 3600.0
            return send(*args, **kwargs)

        monkeypatch.setattr(client._session, "send", late)
        with pytest.raises(NotSentError, match="cannot be reached") as caught:
            client.request("POST", "/x", writes=True)
    assert "over before it was sent" in caught.value.detail
    assert echo.call_count == 1


# --- what takes too long or too much


def drip(head: bytes, pause: float = 0.02) -> Callable[[socket.socket], None]:
    """Answer with `head`, and then a byte now and then for as long as somebody listens."""

    def answer(peer: socket.socket) -> None:
        peer.recv(65536)
        peer.sendall(head)
        while True:
            peer.sendall(b"x")
            time.sleep(pause)

    return answer


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nX-", b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"])
@pytest.mark.parametrize(("writes", "raised"), [(False, TransportError), (True, OutcomeUnknownError)])
def test_a_slow_sender_ends_with_the_call(head: bytes, writes: bool, raised: type[ConnectorError]) -> None:
    """Each byte comes well within the read time-out; without the call's deadline this would go on for ever."""
    with server(drip(head)) as port:
        client = client_at(f"http://127.0.0.1:{port}", patience=0.3)
        started = time.monotonic()
        with pytest.raises(raised):
            client.request("POST", "/x", writes=writes, timeout=0.3)
        assert time.monotonic() - started < 2


def test_an_answer_shorter_than_promised_is_no_answer() -> None:
    def answer(peer: socket.socket) -> None:
        peer.recv(65536)
        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{}")

    with server(answer) as port:
        client = client_at(f"http://127.0.0.1:{port}")
        with pytest.raises(TransportError):
            client.get("/x")
        with pytest.raises(OutcomeUnknownError):
            client.request("POST", "/x", writes=True)


def test_a_small_file_that_unpacks_without_end_is_cut_off() -> None:
    import gzip

    bomb = gzip.compress(b"\0" * 20_000_000)

    def answer(peer: socket.socket) -> None:
        peer.recv(65536)
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n"
        peer.sendall(head.encode() + bomb)

    with server(answer) as port:
        client = client_at(f"http://127.0.0.1:{port}")
        client.max_bytes = 1_000_000
        with pytest.raises(PayloadError, match="more than"):
            client.get("/x")


def test_a_connection_is_used_again() -> None:
    echo = Echo()
    with serve(echo) as served:
        client = client_at(served.url)
        for _ in range(3):
            client.request("POST", "/x", json={"a": 1}, writes=True)
        pools = client._session.get_adapter(served.url).poolmanager.pools  # type: ignore[attr-defined]
        assert [pools[key].num_connections for key in pools.keys()] == [1]  # noqa: SIM118 - not a dict
    assert echo.call_count == 3
