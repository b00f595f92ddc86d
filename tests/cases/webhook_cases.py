"""What must every webhook receiver refuse, and what may it never lose? A suite that each vendor subclasses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from connectors.base import SignatureError, WebhookReceiver
from connectors.errors import PayloadError

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


class WebhookCases:
    """Subclass it and give the receiver, two secrets, a known body, and how the vendor signs."""

    receiver: WebhookReceiver
    secret: str
    other_secret: str
    body: bytes
    known_ids: tuple[str, ...]
    unknown_kind: bytes
    has_tolerance = True
    has_message_id = True  # the sender names its messages; else the content does
    signs_with_every_secret = True  # while they rotate; else with the one that stands there

    def signed(self, raw: bytes, secrets: list[str], at: datetime, message_id: str = "msg_1") -> dict[str, str]:
        """Headers as the vendor sends them, signed with each of the secrets."""
        raise NotImplementedError

    def accepts(self, raw: bytes, headers: Mapping[str, str], secrets: list[str], now: datetime = NOW) -> bool:
        try:
            self.receiver.verify(raw, headers, secrets, now)
        except SignatureError:
            return False
        return True

    def test_an_authentic_delivery_gives_its_message_id(self) -> None:
        headers = self.signed(self.body, [self.secret], NOW, "msg_42")
        message_id = "msg_42" if self.has_message_id else self.receiver.message_id(headers)
        assert message_id
        assert self.receiver.verify(self.body, headers, [self.secret], NOW) == message_id
        assert self.receiver.message_id(headers) == message_id

    def test_every_redelivery_has_the_same_message_id(self) -> None:
        later = NOW + timedelta(hours=5)
        first = self.receiver.message_id(self.signed(self.body, [self.secret], NOW, "msg_42"))
        headers = self.signed(self.body, [self.secret], later, "msg_42")
        assert self.receiver.verify(self.body, headers, [self.secret], later) == first

    def test_header_names_have_no_case(self) -> None:
        headers = self.signed(self.body, [self.secret], NOW)
        assert self.accepts(self.body, {name.upper(): value for name, value in headers.items()}, [self.secret])
        assert self.accepts(self.body, {name.lower(): value for name, value in headers.items()}, [self.secret])

    @pytest.mark.parametrize("change", [b" ", b"\n", b"x"])
    def test_a_body_with_one_byte_more_is_refused(self, change: bytes) -> None:
        headers = self.signed(self.body, [self.secret], NOW)
        assert not self.accepts(self.body + change, headers, [self.secret])
        assert not self.accepts(change + self.body, headers, [self.secret])

    def test_a_body_written_anew_is_refused(self) -> None:
        headers = self.signed(self.body, [self.secret], NOW)
        assert not self.accepts(json.dumps(json.loads(self.body), indent=1).encode(), headers, [self.secret])

    def test_another_secret_is_refused(self) -> None:
        assert not self.accepts(self.body, self.signed(self.body, [self.other_secret], NOW), [self.secret])

    def test_no_secret_accepts_nothing(self) -> None:
        assert not self.accepts(self.body, self.signed(self.body, [self.secret], NOW), [])
        assert not self.accepts(self.body, self.signed(self.body, [self.secret], NOW), [""])

    def test_either_secret_is_good_while_they_rotate(self) -> None:
        headers = self.signed(self.body, [self.other_secret, self.secret], NOW)
        assert self.accepts(self.body, headers, [self.secret])
        assert self.accepts(self.body, headers, [self.other_secret]) is self.signs_with_every_secret
        one = self.signed(self.body, [self.secret], NOW)
        assert self.accepts(self.body, one, [self.other_secret, self.secret])

    def test_a_header_that_is_missing_or_empty_is_refused(self) -> None:
        headers = self.signed(self.body, [self.secret], NOW)
        for name in headers:
            assert not self.accepts(
                self.body, {key: value for key, value in headers.items() if key != name}, [self.secret]
            )
            assert not self.accepts(self.body, {**headers, name: ""}, [self.secret])
        assert not self.accepts(self.body, {}, [self.secret])

    def test_garbage_in_any_header_is_refused_and_raises_nothing_else(self) -> None:
        headers = self.signed(self.body, [self.secret], NOW)
        for name in headers:
            for garbage in ("garbage", ",", "v1,", "v1,é", "-1", "9" * 400, "\x00", "1e9"):
                assert not self.accepts(self.body, {**headers, name: garbage}, [self.secret]), (name, garbage)

    def test_an_old_or_future_delivery_is_refused(self) -> None:
        if self.has_tolerance:
            headers = self.signed(self.body, [self.secret], NOW)
            assert not self.accepts(self.body, headers, [self.secret], NOW + timedelta(hours=1))
            assert not self.accepts(self.body, headers, [self.secret], NOW - timedelta(hours=1))

    def test_the_events_name_what_to_read(self) -> None:
        events = self.receiver.parse(self.body)
        assert tuple(one for event in events for one in event.external_ids) == self.known_ids
        assert all(event.stream for event in events)

    def test_an_unknown_kind_is_an_event_without_a_stream(self) -> None:
        events = self.receiver.parse(self.unknown_kind)
        assert [(event.stream, event.external_ids) for event in events] == [("", ())]
        assert events[0].kind

    @pytest.mark.parametrize("raw", [b"", b"not json", b"[]", b"null", b"{}", b'"text"', b"\xff\xfe", b"<html></html>"])
    def test_a_body_that_is_no_event_is_a_payload_error(self, raw: bytes) -> None:
        with pytest.raises(PayloadError):
            self.receiver.parse(raw)
