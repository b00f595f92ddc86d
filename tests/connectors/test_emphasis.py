"""Are names of a vendor's screens set off in pages, plain elsewhere, and is a vendor's own markup never believed?"""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import call_command
from django.template import Context, Template
from django.test import Client
from django.urls import reverse
from pydantic import BaseModel, Field

from connectors.base import Check
from connectors.emphasis import emphasised, plain
from connectors.errors import AuthenticationError
from connectors.forms import schema_fields
from connectors.models import Connection, Tenant
from tests.connectors.fake import FakeVendor
from tests.factories import user_make

SCREEN = "Set *New voucher* to *In connection with balance*."
SHOWN = "Set <em>New voucher</em> to <em>In connection with balance</em>."
PLAIN = "Set New voucher to In connection with balance."
ATTACK = "*<b onclick='x()'>Journals</b>* <script>alert(1)</script>"

TEXTS = [
    (SCREEN, SHOWN, PLAIN),
    ("*A > B*", "<em>A &gt; B</em>", "A > B"),
    ("(*A*), *B*: *C*.", "(<em>A</em>), <em>B</em>: <em>C</em>.", "(A), B: C."),
    ("nothing to set off", "nothing to set off", "nothing to set off"),
    ("", "", ""),
    ("card ****1234 and ****5678", "card ****1234 and ****5678", "card ****1234 and ****5678"),
    ("2 * 3 * 4 and 2*3*4", "2 * 3 * 4 and 2*3*4", "2 * 3 * 4 and 2*3*4"),
    ("one * alone", "one * alone", "one * alone"),
    ("*over\ntwo lines*", "*over\ntwo lines*", "*over\ntwo lines*"),
    ("**strong**", "**strong**", "**strong**"),
    ("Ben & *Jerry's*", "Ben &amp; <em>Jerry&#x27;s</em>", "Ben & Jerry's"),
    (
        ATTACK,
        "<em>&lt;b onclick=&#x27;x()&#x27;&gt;Journals&lt;/b&gt;</em> &lt;script&gt;alert(1)&lt;/script&gt;",
        "<b onclick='x()'>Journals</b> <script>alert(1)</script>",
    ),
    ('<img src="*x*">', "&lt;img src=&quot;<em>x</em>&quot;&gt;", '<img src="x">'),
    ("&lt;b&gt;", "&amp;lt;b&amp;gt;", "&lt;b&gt;"),
]


@pytest.mark.parametrize(("text", "page", "line"), TEXTS)
def test_what_is_marked_is_set_off_and_all_else_is_text(text: str, page: str, line: str) -> None:
    assert emphasised(text) == page
    assert plain(text) == line
    assert Template("{% load emphasis %}{{ text|emphasised }}").render(Context({"text": text})) == page


def test_plain_text_in_a_page_is_escaped_as_ever() -> None:
    shown = Template("{% load emphasis %}{{ text|plain }}").render(Context({"text": ATTACK}))
    assert "<" not in shown
    assert "*" not in shown


def test_help_of_a_field_is_set_off_and_escaped() -> None:
    class Settings(BaseModel):
        voucher: str = Field("", description=f"{SCREEN} {ATTACK}")

    help_text = str(schema_fields(Settings, "", {})["voucher"].help_text)
    assert SHOWN in help_text
    assert "<script>" not in help_text
    assert "<b " not in help_text


# --- pages and terminals


@pytest.fixture
def client(tenant: Tenant) -> Client:
    browser = Client()
    browser.force_login(user_make(tenant))
    return browser


def address(connection: Connection, page: str) -> str:
    return reverse(f"admin:connectors_connection_{page}", args=[connection.pk])


@pytest.mark.parametrize("page", ["test_connection", "change"])
def test_the_checklist_sets_off_screens_and_escapes_what_a_vendor_says(
    client: Client, connection: Connection, fake_vendor: FakeVendor, page: str
) -> None:
    fake_vendor.checks = [Check("Vouchers", "warning", SCREEN, "Under *Journal setup*."), Check("Odd", "ok", ATTACK)]
    client.post(address(connection, "test_connection"))
    text = client.get(address(connection, page)).content.decode()
    assert SHOWN in text
    assert "Under <em>Journal setup</em>." in text
    assert "<script>alert(1)" not in text
    assert "<b onclick" not in text
    assert "*Journal" not in text


@pytest.mark.parametrize("page", ["test_connection", "change"])
def test_why_a_connection_is_broken_is_shown_in_the_same_way(
    client: Client, connection: Connection, fake_vendor: FakeVendor, page: str
) -> None:
    fake_vendor.error = AuthenticationError(f"{SCREEN} {ATTACK}", provider="Fake")
    client.post(address(connection, "test_connection"))
    connection.refresh_from_db()
    assert "*New voucher*" in connection.reason, "it is kept as it was said"
    text = client.get(address(connection, page)).content.decode()
    assert SHOWN in text
    assert "<script>alert(1)" not in text
    assert "*New voucher*" not in text


def test_a_terminal_and_json_show_no_asterisks(connection: Connection, fake_vendor: FakeVendor) -> None:
    fake_vendor.checks = [Check("Vouchers", "warning", SCREEN, "Under *Journal setup*.")]
    for options in ([], ["--json"]):
        out = io.StringIO()
        call_command("verify_connection", str(connection.pk), *options, stdout=out)
        assert "*" not in out.getvalue()
    [told] = json.loads(out.getvalue())
    check = told["checks"][0]
    assert (check["message"], check["cure"]) == (PLAIN, "Under Journal setup.")
