"""Does the checked-in OpenAPI document say what the address does?"""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import yaml
from django.core.management import call_command

DOCUMENT = Path(__file__).resolve().parent.parent.parent / "docs" / "openapi.yml"


def test_the_document_is_the_one_that_the_code_makes() -> None:
    """After a change: python manage.py spectacular --file docs/openapi.yml --validate --fail-on-warn"""
    out = StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=out)
    assert out.getvalue().strip() == DOCUMENT.read_text().strip()


def test_it_names_the_one_address_and_every_answer() -> None:
    document = yaml.safe_load(DOCUMENT.read_text())
    assert list(document["paths"]) == ["/hooks/{opaque}/"]
    answers = document["paths"]["/hooks/{opaque}/"]["post"]["responses"]
    assert set(answers) == {"200", "202", "400", "401", "404", "405", "411", "413", "500"}
