"""Does the Odoo ledger keep its promises against a real Odoo 19? Counted in Odoo itself."""

from __future__ import annotations

import os

import pytest
from requests.adapters import HTTPAdapter

from connectors.odoo.auth import OdooCredentials
from connectors.odoo.versions import Version
from tests.cases.ledger_cases import KINDS, EnforcedKeyCases, LedgerCases
from tests.connectors.odoo.odoo_cases import OdooCases, ProtocolCases
from tests.connectors.odoo.world import OdooWorld

pytestmark = pytest.mark.live
# To a real server a write is done or it did not arrive; what can become of the answer on its way back is the client's
# matter, and the simulated Odoo's tests have it.
DONE_OR_NOT = ("commit_then_drop", "drop")


@pytest.fixture
def world() -> OdooWorld:
    def credentials(key: str, login: str) -> OdooCredentials:
        return OdooCredentials.model_validate(
            {"database": os.environ["ODOO_DB"], "login": os.environ[login], "api_key": os.environ[key]}
        )

    return OdooWorld(
        os.environ["ODOO_URL"],
        HTTPAdapter(),
        credentials("ODOO_API_KEY", "ODOO_LOGIN"),
        credentials("ODOO_API_KEY_ADMIN", "ODOO_ADMIN_LOGIN"),
    )


class TestRealOdoo(LedgerCases, EnforcedKeyCases, OdooCases):
    """Company 1 of the prepared database, with references of its own in every run."""

    @pytest.mark.parametrize("fault", DONE_OR_NOT)
    @pytest.mark.parametrize("kind", KINDS)
    def test_an_unclear_end_of_any_write_leaves_one_document(self, world: OdooWorld, kind: str, fault: str) -> None:
        super().test_an_unclear_end_of_any_write_leaves_one_document(world, kind, fault)

    def test_an_export_that_gives_a_second_external_id_does_not_hide_ours(self, world: OdooWorld) -> None:
        outgoing, posted = world.posted(world.entry())
        ids = [int(posted.ledger_id)]
        world.act("account.move", "export_data", ids=ids, fields_to_export=["id", "name"])
        assert world.open().find("1", [outgoing])[0] == posted


class TestRealOdooOverXmlRpc(ProtocolCases):
    """The protocol of versions 16 to 18, which 19 still speaks."""

    @pytest.fixture
    def world(self, world: OdooWorld) -> OdooWorld:
        world.version = Version(18, "18.0")
        return world

    @pytest.mark.parametrize("fault", DONE_OR_NOT)
    def test_a_lost_answer_leaves_one_document(self, world: OdooWorld, fault: str) -> None:
        super().test_a_lost_answer_leaves_one_document(world, fault)
