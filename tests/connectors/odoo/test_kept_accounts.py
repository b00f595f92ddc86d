"""Which accounts does Odoo keep for itself?"""

from connectors.base import KEPT_FOR
from tests.connectors.odoo.world import OdooWorld


def test_the_suspense_account_of_the_bank_journals_is_told_and_no_other(world: OdooWorld) -> None:
    told = {one.code: one.facts.get(KEPT_FOR) for one in world.open().reference("account", "1")}
    assert {code: what for code, what in told.items() if what} == {"101402": "bank suspense"}
