"""Is what is kept of an exchange free of secrets, whatever its form?"""

import pytest
from pydantic import BaseModel, SecretStr

from connectors.redaction import LONGEST_BODY, Redactor


class Keys(BaseModel):
    key: SecretStr = SecretStr("sk-0123456789")
    short: SecretStr = SecretStr("abc")


REDACTOR = Redactor(Keys())


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ('{"access_token": "abc", "a": 1}', '{"access_token": "***", "a": 1}'),
        ('{"apiKey":"abc","Password":null}', '{"apiKey":"***","Password":"***"}'),
        ('{"client_secret": "a\\"b", "x": "y"}', '{"client_secret": "***", "x": "y"}'),
        (
            '{"bank": {"account_number": 12345678, "routing_number": "021"}}',
            '{"bank": {"account_number": "***", "routing_number": "***"}}',
        ),
        ('{"tokens": ["a", "b"], "x": 1}', '{"tokens": "***", "x": 1}'),
        ('{"secret": {"a": "b"}, "x": 1}', '{"secret": "***", "x": 1}'),
        ('{"token": "cut in the midd', '{"token": "***"'),
        ("grant_type=refresh_token&refresh_token=abc&x=1", "grant_type=refresh_token&refresh_token=***&x=1"),
        ("https://x/y?api_key=abc&z=1", "https://x/y?api_key=***&z=1"),
        ("Authorization: Bearer abcdef123456", "Authorization: Bearer ***"),
        ("<value><string>sk-0123456789</string></value>", "<value><string>***</string></value>"),
        ('{"memo": "sk-0123456789 in words"}', '{"memo": "*** in words"}'),
        ('{"note": "{\\"token\\": \\"abc\\"}"}', '{"note": "{\\"token\\": "***"}'),  # JSON in JSON: rather too much
        ('{"businessName": "Acme", "token": 1}', '{"businessName": "Acme", "token": "***"}'),
        ('{"amount": 12.50, "memo": "abc"}', '{"amount": 12.50, "memo": "abc"}'),
    ],
)
def test_secrets_are_masked_by_name_and_by_value(text: str, kept: str) -> None:
    assert REDACTOR.text(text) == kept


@pytest.mark.parametrize("before", range(LONGEST_BODY - 16, LONGEST_BODY + 2))
def test_no_half_of_a_secret_is_left_at_the_cut(before: int) -> None:
    kept = REDACTOR.text("x" * before + "sk-0123456789" + "y" * 5000)
    assert len(kept) == LONGEST_BODY
    assert "sk-" not in kept


def test_masking_hostile_bodies_takes_no_time() -> None:
    for text in ('"' * 6000, '"a' * 3000, "&" * 6000, "token" * 1500, '{"' + "token" * 1200, "\\" * 6000):
        assert len(REDACTOR.text(text)) <= LONGEST_BODY
