"""How does a set-up file become rows? By the services that the admin uses, changing only what differs.

Applied twice, a file changes nothing the second time. With `dry_run` everything is tried and rolled back.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import transaction

from audit.setup_file.reading import Path, SetupFileError, SetupSource
from audit.setup_file.schema import BooksPart, ConnectionPart, FlowPart, RulePart, TenantPart
from audit.sync.reference import reference_read
from connectors.credentials import CredentialsError
from connectors.emphasis import plain
from connectors.errors import ConnectorError
from connectors.models import Connection, Membership, Tenant
from connectors.registry import CONNECTORS, connector_get
from connectors.services import (
    connection_create,
    connection_ledger,
    connection_source,
    connection_update,
    connection_verify,
    credentials_replace,
)
from mappings.models import Flow, FlowState, ReferenceValue
from mappings.models.rules import TARGET_KINDS
from mappings.refusals import RefusedError
from mappings.services import (
    Upserted,
    flow_dry_run,
    flow_switch_off,
    flow_switch_on,
    flow_upsert,
    owner_upsert,
    role_account_upsert,
    role_defaults_apply,
    rule_upsert,
)
from mappings.services.upserts import reference_find

REASON = "set-up file"
SECRET_PREFIX = "MLC_SECRET_"  # noqa: S105 - the names that a file may refer to


@dataclass(frozen=True, slots=True)
class SetupChange:
    """One thing that applying the file did: `created`, `changed` or `unchanged`."""

    what: str
    name: str
    done: str
    detail: str = ""


class _Rollback(Exception):  # noqa: N818 - control flow, not an error
    pass


def setup_apply(
    source: SetupSource,
    *,
    dry_run: bool = False,
    environment: Mapping[str, str] | None = None,
    note: Callable[[str], None] | None = None,
) -> list[SetupChange]:
    """Make the rows agree with the file; answers what was done. All or nothing. Raises SetupFileError with all
    mistakes, each with its line. Vendors are asked for their lists where roles, rules or flows need them."""
    applier = _Applier(source, os.environ if environment is None else environment, note or (lambda text: None))
    try:
        with transaction.atomic():
            applier.run()
            if applier.mistakes:
                raise SetupFileError(applier.mistakes)
            if dry_run:
                raise _Rollback
    except _Rollback:
        pass
    return applier.changes


class _Applier:
    def __init__(self, source: SetupSource, environment: Mapping[str, str], note: Callable[[str], None]) -> None:
        self.source = source
        self.environment = environment
        self.note = note
        self.changes: list[SetupChange] = []
        self.mistakes: list[str] = []
        self.pulled: set[int] = set()

    def run(self) -> None:
        for at, part in enumerate(self.source.file.tenants):
            path: Path = ("tenants", at)
            tenant = self._tenant(part, path)
            self._members(tenant, part, path)
            connections = self._connections(tenant, part, path)
            self._flows(tenant, part, connections, path)
            for number, books in enumerate(part.books):
                self._books(tenant, books, connections, (*path, "books", number))
            for number, rule in enumerate(part.rules):
                self._rule(tenant, rule, connections, (*path, "rules", number))
            if not self.mistakes:
                self._switch(tenant, part, path)

    # --- parts ----------------------------------------------------------------------------------------------------

    def _tenant(self, part: TenantPart, path: Path) -> Tenant:
        row, is_new = Tenant.objects.get_or_create(
            slug=part.slug, defaults={"name": part.name, "time_zone": part.time_zone}
        )
        if not is_new and (row.name, row.time_zone) != (part.name, part.time_zone):
            row.name, row.time_zone = part.name, part.time_zone
            with self._at(path):
                row.full_clean()
                row.save()
            self._done("tenant", part.slug, "changed")
        else:
            self._done("tenant", part.slug, "created" if is_new else "unchanged")
        return row

    def _members(self, tenant: Tenant, part: TenantPart, path: Path) -> None:
        for at, member in enumerate(part.members):
            user = get_user_model().objects.filter(username=member.user).first()
            if user is None:
                self._mistake((*path, "members", at), f"there is no user {member.user}; make one in the admin first")
                continue
            _, is_new = Membership.objects.get_or_create(user=user, tenant=tenant, role=member.role)
            self._done("membership", f"{member.user} is {member.role}", "created" if is_new else "unchanged")

    def _connections(self, tenant: Tenant, part: TenantPart, path: Path) -> dict[str, Connection]:
        found: dict[str, Connection] = {}
        for at, wanted in enumerate(part.connections):
            here = (*path, "connections", at)
            if wanted.vendor not in CONNECTORS:
                self._mistake((*here, "vendor"), f"{wanted.vendor} is none of {', '.join(CONNECTORS)}")
                continue
            with self._at(here):
                found[wanted.name] = self._connection(tenant, wanted, here)
        return found

    def _connection(self, tenant: Tenant, part: ConnectionPart, path: Path) -> Connection:
        address = part.address or connector_get(part.vendor).default_address
        row = Connection.objects.filter(tenant=tenant, name=part.name, archived_at=None).first()
        if row is None:
            row = connection_create(
                tenant=tenant, vendor=part.vendor, name=part.name, address=address, chosen=part.settings,
                identity=part.identity,
            )  # fmt: skip
            done = "created"
        else:
            before = (row.address, dict(row.settings), row.identity)
            row = connection_update(row, address=address, chosen=part.settings, identity=part.identity or None)
            done = "unchanged" if before == (row.address, dict(row.settings), row.identity) else "changed"
        mistakes_before = len(self.mistakes)
        given = {name: self._secret(value, (*path, "credentials", name)) for name, value in part.credentials.items()}
        if given and len(self.mistakes) == mistakes_before:
            before_print = getattr(getattr(row, "credential", None), "fingerprint", "")
            credential = credentials_replace(row, given)
            if credential.fingerprint != before_print and done == "unchanged":
                done = "changed"
            row = Connection.objects.select_related("tenant", "credential").get(pk=row.pk)
            self.note(f"testing {row.name}")
            failed = [check for check in connection_verify(row) if check.state == "failed"]
            for check in failed:
                self._mistake(path, f"{row.name}: {check.message} {check.cure}".strip())
            row.refresh_from_db()
        self._done("connection", part.name, done)
        return row

    def _secret(self, value: Any, path: Path) -> Any:
        """`{env: MLC_SECRET_…}` is read from the environment; no other variable may be read."""
        if not isinstance(value, dict):
            return value
        name = str(value.get("env", ""))
        if set(value) != {"env"} or not name.startswith(SECRET_PREFIX):
            self._mistake(path, f"a secret is given as {{env: {SECRET_PREFIX}…}}")
            return ""
        if not self.environment.get(name):
            self._mistake(path, f"the environment has no {name}")
            return ""
        return self.environment[name]

    def _flows(self, tenant: Tenant, part: TenantPart, connections: Mapping[str, Connection], path: Path) -> None:
        """Flows first, switched off; then the lists of all companies that the file names are pulled."""
        pairs: list[tuple[FlowPart, Connection, Connection, Path]] = []
        for at, wanted in enumerate(part.flows):
            here: Path = (*path, "flows", at)
            source, ledger = connections.get(wanted.source), connections.get(wanted.ledger)
            if source is None or ledger is None:
                missing = wanted.source if source is None else wanted.ledger
                self._mistake(here, f"there is no connection {missing} in this file's tenant")
                continue
            if wanted.stream not in connector_get(source.vendor).streams and wanted.document == "spend":
                known = ", ".join(connector_get(source.vendor).streams)
                self._mistake((*here, "stream"), f"{wanted.stream} is none of {known}")
                continue
            pairs.append((wanted, source, ledger, here))
            with self._at(here):
                self._flow(tenant, wanted, source, ledger, None)
        for name, connection in connections.items():
            books = {one.company for one in part.books if one.ledger == name}
            rules = {one.company for one in part.rules if one.ledger == name}
            self._pull(connection, (books | rules) - {""})
        for wanted, source, ledger, here in pairs:
            if wanted.cost_centre:
                with self._at((*here, "cost_centre")):
                    centre = reference_find(ledger, wanted.company, "cost_centre", wanted.cost_centre)
                    self._flow(tenant, wanted, source, ledger, centre)

    def _flow(
        self, tenant: Tenant, part: FlowPart, source: Connection, ledger: Connection, centre: ReferenceValue | None
    ) -> None:
        if part.cost_centre and centre is None:  # its value is known once the lists are pulled
            now = Flow.objects.filter(tenant=tenant, name=part.name).exclude(state=FlowState.ARCHIVED).first()
            centre = now.cost_centre if now else None
        self._upserted(
            "flow",
            part.name,
            flow_upsert(
                tenant=tenant, name=part.name, source=source, stream=part.stream, ledger=ledger, company=part.company,
                document=part.document, filter=part.filter, policies=part.policies, journals=part.journals,
                post_from=part.post_from, cost_centre=centre, by=None, reason=REASON,
            ),
        )  # fmt: skip

    def _books(self, tenant: Tenant, part: BooksPart, connections: Mapping[str, Connection], path: Path) -> None:
        ledger = connections.get(part.ledger)
        if ledger is None:
            self._mistake(path, f"there is no connection {part.ledger} in this file's tenant")
            return
        for at, wanted in enumerate(part.roles):
            with self._at((*path, "roles", at)):
                account = reference_find(ledger, part.company, "account", wanted.account)
                self._upserted(
                    "role",
                    f"{wanted.role} {wanted.what_for}".strip() + f" = {wanted.account}",
                    role_account_upsert(
                        ledger=ledger, company=part.company, role=wanted.role, account=account, by=None,
                        what_for=wanted.what_for, has_statements=wanted.has_statements, reason=REASON,
                    ),
                )  # fmt: skip
        if part.usual_roles:
            with self._at(path):
                for row in role_defaults_apply(ledger=ledger, company=part.company, by=None):
                    self._done("role", f"{row.role} {row.what_for} = {row.account}", "created", "usual account")
        for source_name, owners in part.owners.items():
            source = connections.get(source_name)
            if source is None:
                self._mistake((*path, "owners", source_name), f"there is no connection {source_name}")
                continue
            for at, owner in enumerate(owners):
                with self._at((*path, "owners", source_name, at)):
                    flow = None
                    if owner.flow:
                        flow = Flow.objects.exclude(state=FlowState.ARCHIVED).get(tenant=tenant, name=owner.flow)
                    self._upserted(
                        "owner",
                        f"{owner.family}: {owner.flow or 'the ledger itself'}",
                        owner_upsert(
                            source=source, ledger=ledger, company=part.company, family=owner.family, flow=flow,
                            by=None, valid_from=owner.valid_from, reason=REASON,
                        ),
                    )  # fmt: skip

    def _rule(self, tenant: Tenant, part: RulePart, connections: Mapping[str, Connection], path: Path) -> None:
        ledger = connections.get(part.ledger)
        if ledger is None:
            self._mistake(path, f"there is no connection {part.ledger} in this file's tenant")
            return
        if part.target not in TARGET_KINDS:
            self._mistake((*path, "target"), f"{part.target} is none of {', '.join(sorted(TARGET_KINDS))}")
            return
        with self._at(path):
            value = self._value(ledger, part)
            flow = None
            if part.flow:
                flow = Flow.objects.exclude(state=FlowState.ARCHIVED).get(tenant=tenant, name=part.flow)
            words = ", ".join(f"{name} {wanted}" for name, wanted in part.when.items())
            self._upserted(
                "rule",
                f"{part.target}: {words} -> {part.value}",
                rule_upsert(
                    tenant=tenant, target=part.target, when=part.when, value=value, by=None, reason=part.reason,
                    flow=flow, valid_from=part.valid_from, priority=part.priority,
                ),
            )  # fmt: skip

    def _switch(self, tenant: Tenant, part: TenantPart, path: Path) -> None:
        turn = {"on": flow_switch_on, "dry_run": flow_dry_run, "off": flow_switch_off}
        for at, wanted in enumerate(part.flows):
            flow = Flow.objects.exclude(state=FlowState.ARCHIVED).get(tenant=tenant, name=wanted.name)
            if flow.state != wanted.state:
                with self._at((*path, "flows", at, "state")):
                    turn[wanted.state](flow, by=None, reason=REASON)
                    self._done("flow", wanted.name, "changed", f"switched to {wanted.state}")

    # --- help -----------------------------------------------------------------------------------------------------

    def _pull(self, connection: Connection, companies: set[str]) -> None:
        """The lists that values are chosen from, once for each connection; `companies` may have no flow yet."""
        if connection.pk in self.pulled or not hasattr(connection, "credential"):
            return
        self.pulled.add(connection.pk)
        self.note(f"reading the lists of {connection.name}")
        descriptor = connector_get(connection.vendor)
        try:
            if descriptor.open_ledger:
                books = connection_ledger(connection)
                reference_read(None, connection, books, "set-up file", now_due=True, companies=companies)
            elif descriptor.open_source:
                reference_read(None, connection, connection_source(connection), "set-up file", now_due=True)
        except ConnectorError as error:
            self.mistakes.append(f"The lists of {connection.name} could not be read: {error.message}")

    def _value(self, ledger: Connection, part: RulePart) -> ReferenceValue:
        """The ledger's value that a rule leads to, of the first kind that has it."""
        refused: list[str] = []
        for kind in sorted(TARGET_KINDS[part.target]):
            try:
                return reference_find(ledger, part.company, kind, part.value)
            except RefusedError as error:
                refused += error.reasons
        raise RefusedError(refused[-1])

    @contextmanager
    def _at(self, path: Path) -> Iterator[None]:
        """Collect what is refused here with its line, and go on with the rest."""
        try:
            with transaction.atomic():
                yield
        except RefusedError as error:
            for reason in error.reasons:
                self._mistake(path, reason)
        except ValidationError as error:
            for message in error.messages:
                self._mistake(path, message)
        except (CredentialsError, ConnectorError) as error:
            self._mistake(path, str(error))
        except Flow.DoesNotExist:
            self._mistake(path, "there is no such flow in this file's tenant")

    def _mistake(self, path: Path, message: str) -> None:
        self.mistakes.append(f"Line {self.source.line(path)}: {plain(message).rstrip('.')}.")

    def _upserted(self, what: str, name: str, upserted: Upserted[Any]) -> None:
        self._done(what, name, upserted.state, "; ".join(upserted.changes))

    def _done(self, what: str, name: str, done: str, detail: str = "") -> None:
        self.changes.append(SetupChange(what, name, done, detail))
