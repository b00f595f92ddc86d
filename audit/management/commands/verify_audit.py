"""`manage.py verify_audit`: is the trail what it was when it was sealed?"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.models import Seal
from audit.sync.seal import seal_head, seal_pending, seal_verify
from connectors.models import Tenant


class Command(BaseCommand):
    help = "Compare every sealed row with its seal; names the rows that were changed, removed or slipped in."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", default="", help="Only this tenant's rows; the others' part hashes stand in.")
        parser.add_argument("--head", default="", help="NUMBER:HASH that left the house earlier; must be in the chain.")

    def handle(self, *args: Any, tenant: str, head: str, **options: Any) -> None:
        tenant_id = None
        if tenant:
            row = Tenant.objects.filter(slug=tenant).first()
            if row is None:
                raise CommandError(f"There is no tenant {tenant!r}.")
            tenant_id = row.pk
        while seal_pending():
            pass
        findings = list(seal_verify(tenant_id=tenant_id))
        if head:
            number, _, hashed = head.partition(":")
            if not (number.isdigit() and Seal.objects.filter(number=int(number), hash=hashed).exists()):
                raise CommandError(f"The head {head} is not in this chain: the chain was made anew since.")
        for finding in findings:
            self.stderr.write(finding.message)
        if findings:
            raise CommandError(f"{len(findings)} findings: the trail is not what was sealed.")
        self.stdout.write(f"The trail is as it was sealed. Head: {seal_head()}")
