"""Does an installation that other programs work for tie? A program of its own: waits for rest, counts, prints JSON.

Called with the simulated Odoo's address, its database, its administrator's key and the companies' ids.
"""

from __future__ import annotations

import json
import sys
import time

import django

NO_CALL_LASTS_SECONDS = 15.0


def main(address: str, database: str, admin_key: str, *companies: str) -> None:
    django.setup()
    from django.db.models.functions import Now

    from audit.demo.counting import count
    from audit.demo.odoo_documents import documents
    from audit.demo.watching import wait_for_rest
    from audit.models import LaneKind, Posting, PostingState, SyncRecord
    from audit.services import flow_tally
    from audit.sync.lanes import lanes_wake
    from connectors.base import ConnectionContext
    from connectors.models import Connection, Tenant
    from connectors.odoo.auth import OdooCredentials
    from connectors.odoo.client import OdooClient
    from mappings.models import Flow

    tenant = Tenant.objects.get()
    started = time.monotonic()

    def time_passes(_: object) -> None:
        """What nobody knows the outcome of is looked up minutes later; no call of before is under way any more."""
        if time.monotonic() > started + NO_CALL_LASTS_SECONDS:
            uncertain = Posting.objects.filter(state=PostingState.UNCERTAIN, settle_at__gt=Now())
            if uncertain.update(settle_at=Now()):
                lanes_wake(Connection.objects.get(vendor="odoo").pk, LaneKind.POST)

    wait_for_rest([tenant], time_passes)
    credentials = OdooCredentials(database=database, api_key=admin_key)
    admin = OdooClient(ConnectionContext(address=address, credentials=credentials, allow_private_addresses=True))
    held = list(documents(admin, companies))
    ids = {stamp.split(":")[1] for stamp in (one.stamp for one in held)}
    counted = count(tenant, held, ids)
    flows = [flow_tally(flow).ties for flow in Flow.objects.exclude(document="reference")]
    told = {**counted.as_dict(), "ties": counted.ties and all(flows), "records": SyncRecord.objects.count()}
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
