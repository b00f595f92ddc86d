"""A set-up file with mistakes says all of them, each with its line; a right one is applied as often as one likes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.apps import apps
from django.core.management import CommandError, call_command

from audit.setup_file import SetupFileError, setup_apply, setup_read
from connectors.models import Connection, Tenant
from connectors.registry import CONNECTORS
from mappings.models import Flow, FlowState, MappingRule
from tests.audit.scene import BOOKS, FLOW, RULE, SETUP
from tests.factories import user_make
from tests.flows.world import World, world

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def made() -> Iterator[World]:
    """A world that is not set up yet."""
    with world("acme") as one:
        one.parts |= SETUP
        yield one


def text_of(made: World, **changes: Any) -> str:
    return yaml.safe_dump({"tenants": [{**made.parts, **changes}]}, sort_keys=False)


def line_of(text: str, words: str) -> int:
    """The line on which these words stand, counted from 1."""
    return next(at for at, line in enumerate(text.splitlines(), 1) if words in line)


def mistakes(text: str, environment: dict[str, str] | None = None, made: World | None = None) -> list[str]:
    with pytest.raises(SetupFileError) as raised:
        setup_apply(setup_read(text), environment=environment or (made.environment if made else {}))
    return list(raised.value.mistakes)


def everything() -> Counter[str]:
    """Rows of every table that a set-up file could write."""
    return Counter({model._meta.label: model._base_manager.count()
                    for app in ("connectors", "mappings", "audit")
                    for model in apps.get_app_config(app).get_models()})  # fmt: skip


# --- what the file itself gets wrong ----------------------------------------------------------------------------

PLAIN = """\
tenants:
- slug: acme
  name: Acme
  connections:
  - name: Brex
    vendor: brex
  flows:
  - name: records
    source: Brex
    stream: accounting_records
    ledger: Odoo
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "The file is empty."),
        ("tenants: [", "Line 1: this is not YAML"),
        ("tenants:\n- slug: acme\n  name: 'open", "this is not YAML"),
        ("a: 1\n", "Line 1: tenants: Field required."),
        ("- just\n- a list\n", "Line 1: "),
        ("tenants: []\n", "Line 1: tenants: List should have at least 1 item"),
        (PLAIN.replace("slug: acme", "slug: Acme Ltd"), "Line 2: tenants.0.slug: String should match pattern"),
        (PLAIN.replace("  name: Acme\n", ""), "Line 2: tenants.0.name: Field required."),
        (PLAIN.replace("    vendor: brex\n", "    vendor: brex\n    colour: red\n"),
         "Line 7: tenants.0.connections.0.colour: Extra inputs are not permitted."),
        (PLAIN + "    state: running\n", "Line 12: tenants.0.flows.0.state: Input should be 'off', 'dry_run' or 'on'."),
        (PLAIN + "    post_from: soon\n", "Line 12: tenants.0.flows.0.post_from: Input should be a valid date"),
        (PLAIN + "    policies: strict\n", "Line 12: tenants.0.flows.0.policies: Input should be a valid dictionary."),
        (PLAIN + "    name: again\n", "Line 12: name stands twice."),
        (PLAIN + "  slug: other\n", "Line 12: slug stands twice."),
        (PLAIN + "  rules:\n  - {target: account, when: {}, value: '1', ledger: Odoo}\n",
         "Line 13: tenants.0.rules.0.when: Dictionary should have at least 1 item"),
    ],
)  # fmt: skip
def test_a_mistake_of_form_is_said_with_its_line(text: str, said: str) -> None:
    found = mistakes(text)
    assert any(said in one for one in found), found
    assert not Tenant.objects.exists()


def test_all_mistakes_of_form_come_at_once() -> None:
    text = PLAIN.replace("slug: acme", "slug: A B").replace("vendor: brex", "vendors: brex") + "    state: up\n"
    found = mistakes(text)
    assert len(found) == 4, found  # the slug, an unknown key, a missing one, the state
    assert [one.split(":")[0] for one in sorted(found)] == ["Line 12", "Line 2", "Line 5", "Line 6"]


@pytest.mark.parametrize("word", ["0012", "no", "1e3", "2026-01-31", "0x10", "~x"])
def test_what_looks_like_something_else_stays_the_text_that_was_typed(word: str) -> None:
    file = setup_read(PLAIN.replace("name: Acme", f"name: {word}")).file
    assert file.tenants[0].name == word


# --- what only the rows can tell --------------------------------------------------------------------------------


def test_mistakes_of_content_come_at_once_each_with_its_line(made: World) -> None:
    text = text_of(
        made,
        members=[{"user": "nobody", "role": "finance"}],
        connections=[*made.parts["connections"], {"name": "Third", "vendor": "netsuite"}],
        flows=[
            FLOW,
            {**FLOW, "name": "no source", "source": "Brecks"},
            {**FLOW, "name": "no stream", "stream": "receipts_only"},
            {**FLOW, "name": "no policy", "policies": {"closed_period": "ignore"}},
        ],
        rules=[RULE, {**RULE, "value": "999999"}, {**RULE, "ledger": "Ledger X"}, {**RULE, "target": "moon"}],
    )
    found = mistakes(text, made=made)
    expected = {
        line_of(text, "user: nobody"): "there is no user nobody",
        line_of(text, "vendor: netsuite"): f"netsuite is none of {', '.join(CONNECTORS)}",
        line_of(text, "name: no source"): "there is no connection Brecks",
        line_of(text, "stream: receipts_only"): "receipts_only is none of",
        line_of(text, "name: no policy"): "closed_period",
        line_of(text, "'999999'"): "999999",
        line_of(text, "ledger: Ledger X"): "there is no connection Ledger X",
        line_of(text, "target: moon"): "moon is none of",
    }
    assert len(found) == len(expected), found
    for line, words in expected.items():
        near = [one for one in found if words in one]
        assert len(near) == 1, (words, found)
        said = int(near[0].removeprefix("Line ").split(":")[0])
        assert 0 <= line - said <= 6, (near, line)
    assert not Tenant.objects.exists(), "all or nothing"


@pytest.mark.parametrize(
    ("credentials", "environment", "said"),
    [
        ({"user_token": {"env": "MLC_SECRET_MISSING"}}, {}, "the environment has no MLC_SECRET_MISSING"),
        ({"user_token": {"env": "MLC_SECRET_EMPTY"}}, {"MLC_SECRET_EMPTY": ""}, "the environment has no"),
        ({"user_token": {"env": "SECRET_KEY"}}, {"SECRET_KEY": "x"}, "a secret is given as {env: MLC_SECRET_…}"),
        ({"user_token": {"env": "PATH"}}, {"PATH": "/bin"}, "a secret is given as {env: MLC_SECRET_…}"),
        ({"user_token": {"file": "/etc/passwd"}}, {}, "a secret is given as {env: MLC_SECRET_…}"),
        ({"user_token": {"env": "MLC_SECRET_A", "or": "b"}}, {"MLC_SECRET_A": "x"}, "a secret is given as"),
    ],
)
def test_secrets_come_from_the_variables_named_for_it_and_no_other(
    made: World, credentials: dict[str, Any], environment: dict[str, str], said: str
) -> None:
    connections = [{**made.parts["connections"][0], "credentials": credentials}]
    text = text_of(made, connections=connections, flows=[], books=[], rules=[])
    found = mistakes(text, environment)
    assert any(said in one and one.startswith("Line ") for one in found), found
    assert not any(value and value in one for one in found for value in environment.values() if len(value) > 1)
    assert not Connection.objects.exists()


def test_a_wrong_key_is_said_and_nothing_is_kept(made: World) -> None:
    environment = {**made.environment, "MLC_SECRET_ODOO": "f" * 40}
    found = mistakes(text_of(made), environment)
    assert any("Odoo" in one and one.startswith("Line ") for one in found), found
    assert "f" * 40 not in "".join(found)
    assert not Tenant.objects.exists()


def test_another_tenants_connection_cannot_be_named(made: World) -> None:
    made.apply()
    other = {"slug": "other", "name": "Other", "flows": [FLOW], "books": [BOOKS], "rules": [RULE]}
    found = mistakes(yaml.safe_dump({"tenants": [other]}, sort_keys=False), made=made)
    assert len(found) == 3, found
    assert all("there is no connection" in one and "in this file's tenant" in one for one in found)
    assert not Tenant.objects.filter(slug="other").exists()


def test_one_bad_tenant_undoes_the_good_one_beside_it(made: World) -> None:
    bad = {"slug": "other", "name": "Other", "connections": [{"name": "X", "vendor": "nobody"}]}
    before = everything()
    mistakes(yaml.safe_dump({"tenants": [made.parts, bad]}, sort_keys=False), made=made)
    assert everything() == before


# --- what a right file does -------------------------------------------------------------------------------------


def test_books_and_rules_of_a_company_without_a_flow_find_its_values(made: World) -> None:
    made.apply(flows=[])
    assert not Flow.objects.exists()
    assert MappingRule.objects.get().value.company == BOOKS["company"]


def test_a_company_that_the_ledger_does_not_have_is_said(made: World) -> None:
    text = text_of(made, flows=[], rules=[], books=[{**BOOKS, "company": "99", "usual_roles": False}])
    [said] = mistakes(text, made=made)
    assert "it shows no account of the company 99 at all" in said


def test_applied_again_a_file_changes_nothing(made: World) -> None:
    user_make(username="ana")
    made.parts["members"] = [{"user": "ana", "role": "finance"}]
    first = setup_apply(setup_read(text_of(made)), environment=made.environment)
    assert {"created"} <= {one.done for one in first}
    before = everything()
    again = setup_apply(setup_read(text_of(made)), environment=made.environment)
    assert {one.done for one in again} == {"unchanged"}, [one for one in again if one.done != "unchanged"]
    assert everything() == before, "not even history was written"


def test_a_dry_run_says_the_same_and_writes_nothing(made: World) -> None:
    before = everything()
    planned = setup_apply(setup_read(text_of(made)), environment=made.environment, dry_run=True)
    assert everything() == before
    done = setup_apply(setup_read(text_of(made)), environment=made.environment)
    assert [(one.what, one.name, one.done) for one in planned] == [(one.what, one.name, one.done) for one in done]


def test_what_differs_is_changed_and_the_rest_left(made: World) -> None:
    made.apply()
    changes = setup_apply(
        setup_read(text_of(made, name="Acme Corp", flows=[{**FLOW, "state": "off"}])), environment=made.environment
    )
    assert {(one.what, one.done) for one in changes if one.done != "unchanged"} == {
        ("tenant", "changed"), ("flow", "changed")
    }  # fmt: skip
    assert (made.tenant.name, made.flow("records").state) == ("Acme Corp", FlowState.OFF)
    assert Flow.objects.count() == 1
    assert MappingRule.objects.count() == 1


# --- the command ------------------------------------------------------------------------------------------------


def apply(path: Path, **options: Any) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("apply", path, stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


def test_apply_prints_what_it_did_and_what_it_would_do(
    made: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    path = tmp_path / "setup.yaml"
    path.write_text(text_of(made), encoding="utf-8")
    planned, _ = apply(path, dry_run=True)
    assert planned.splitlines()[-1].startswith("Would be: ")
    assert not Tenant.objects.exists()
    done, notes = apply(path)
    assert "created    tenant      acme" in done
    assert "testing Brex" in notes
    assert planned.removesuffix("\n").splitlines()[-1] == f"Would be: {done.splitlines()[-1]}"
    again, _ = apply(path)
    assert again.splitlines()[-1].startswith("0 created, 0 changed, ")
    for secret in made.environment.values():
        assert secret not in planned + done + notes + again


def test_apply_refuses_a_file_with_mistakes_or_without_text(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        apply(tmp_path / "nowhere.yaml")
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CommandError, match="cannot be read"):
        apply(binary)
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(PLAIN + "    state: up\n", encoding="utf-8")
    with pytest.raises(CommandError, match=r"(?s)not applied; nothing was changed.*Line 12: "):
        apply(wrong)
