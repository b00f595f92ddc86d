"""Does an installation that other programs work for tie? A program of its own: waits for rest, counts, prints JSON.

Called with the simulated Odoo's address, its database, its administrator's key and the companies' ids.
"""

from __future__ import annotations

import json
import sys

import django


def main(address: str, database: str, admin_key: str, *companies: str) -> None:
    django.setup()
    from audit.demo.report import report_make
    from audit.demo.watching import wait_for_rest
    from connectors.base import ConnectionContext
    from connectors.models import Tenant
    from connectors.odoo.auth import OdooCredentials
    from connectors.odoo.client import OdooClient

    tenant = Tenant.objects.get()
    wait_for_rest(tenant, lambda _: None)
    credentials = OdooCredentials(database=database, api_key=admin_key)
    admin = OdooClient(ConnectionContext(address=address, credentials=credentials, allow_private_addresses=True))
    report = report_make(admin, tenant, books={one: one for one in companies}, source_ids=(), facts={})
    json.dump(report.as_dict(), sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
