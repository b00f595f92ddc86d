"""Which promises does every vendor's authentication keep? Subclass, say how the vendor is reached, and inherit."""

from __future__ import annotations

import abc
from datetime import timedelta
from typing import Any

import pytest

from connectors.auth import MemoryTokenStore
from connectors.base import ConnectionContext, ExchangeNote
from connectors.errors import AuthenticationError, TransportError
from connectors.redaction import secret_values
from connectors.simulation import Simulator


class KeyCases(abc.ABC):
    """Credentials that are sent as they are: API keys, user tokens."""

    @abc.abstractmethod
    def simulator(self) -> Simulator:
        """A vendor with an account in it."""

    @abc.abstractmethod
    def context(self, simulator: Simulator, **parts: Any) -> ConnectionContext:
        """A context with good credentials that reaches `simulator` in-process."""

    @abc.abstractmethod
    def call(self, context: ConnectionContext) -> object:
        """Open a client and make one authenticated read."""

    @abc.abstractmethod
    def revoke(self, simulator: Simulator) -> None:
        """The vendor no longer accepts the credentials, whatever they are."""

    def test_good_credentials_are_accepted(self) -> None:
        simulator = self.simulator()
        self.call(self.context(simulator))
        assert simulator.call_count >= 1

    def test_revoked_credentials_stop_everything_without_burning_tries(self) -> None:
        simulator = self.simulator()
        context = self.context(simulator)
        self.call(context)
        self.revoke(simulator)
        before = simulator.call_count
        with pytest.raises(AuthenticationError) as caught:
            self.call(context)
        assert str(caught.value)
        assert simulator.call_count - before <= 3  # the call, at most one renewal, at most one more try

    def test_no_secret_is_in_a_note_or_an_error(self) -> None:
        simulator, notes = self.simulator(), list[ExchangeNote]()
        context = self.context(simulator, observer=notes.append)
        self.call(context)
        self.revoke(simulator)
        with pytest.raises(AuthenticationError) as caught:
            self.call(context)
        secrets = list(secret_values(context.credentials))
        assert secrets
        kept = f"{notes!r} {caught.value!r} {caught.value.detail} {context!r}"
        assert not [secret for secret in secrets if secret in kept]
        assert notes


class OAuthCases(KeyCases):
    """Access tokens out of a token server; `context` takes the token store as `tokens` and the clock as `now`."""

    token_path = "/token"
    lifetime = timedelta(hours=1)

    def tokens_asked(self, simulator: Simulator) -> int:
        return sum(call.method == "POST" and call.path.endswith(self.token_path) for call in simulator.calls)

    @abc.abstractmethod
    def expire(self, simulator: Simulator) -> None:
        """Access tokens handed out so far are refused from now on; refresh tokens live."""

    def opened(self, **parts: Any) -> tuple[Simulator, ConnectionContext, MemoryTokenStore]:
        simulator, tokens = self.simulator(), MemoryTokenStore()
        return simulator, self.context(simulator, tokens=tokens, now=simulator.clock.now, **parts), tokens

    def test_one_token_serves_many_calls(self) -> None:
        simulator, context, _ = self.opened()
        for _ in range(3):
            self.call(context)
        assert self.tokens_asked(simulator) == 1

    def test_a_token_is_renewed_five_minutes_before_its_end(self) -> None:
        simulator, context, tokens = self.opened()
        self.call(context)
        first = tokens.current()
        simulator.clock.advance(seconds=self.lifetime.total_seconds() - 301)
        self.call(context)
        assert tokens.current() == first
        simulator.clock.advance(seconds=2)
        self.call(context)
        assert tokens.current() != first
        assert self.tokens_asked(simulator) == 2

    def test_a_refused_token_is_renewed_once_and_the_call_repeated(self) -> None:
        simulator, context, tokens = self.opened()
        self.call(context)
        first = tokens.current()
        self.expire(simulator)
        self.call(context)
        assert tokens.current() != first
        assert self.tokens_asked(simulator) == 2

    def test_an_absent_token_server_is_overlooked_while_the_token_lives(self) -> None:
        simulator, context, _ = self.opened()
        self.call(context)
        simulator.clock.advance(seconds=self.lifetime.total_seconds() - 60)
        simulator.fail("status", self.token_path, status=503, times=99)
        self.call(context)
        simulator.clock.advance(seconds=120)
        with pytest.raises(TransportError):
            self.call(context)
