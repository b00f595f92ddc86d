"""What may stand in a set-up file? Every key, with its meaning; anything else is a mistake."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from connectors.documents import Role
from connectors.records import Family


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class MemberPart(Part):
    """A person's role; the user must exist (passwords do not belong into files)."""

    user: str
    role: Literal["administrator", "finance", "operations", "auditor"]


class ConnectionPart(Part):
    """`credentials` are given as `{env: MLC_SECRET_…}` where they are secret, plain where they are not."""

    name: str
    vendor: str
    address: str = ""
    identity: str = ""
    settings: dict[str, Any] = Field(default_factory=dict)
    credentials: dict[str, Any] = Field(default_factory=dict)


class RolePart(Part):
    role: Role
    account: str  # the ledger's code
    what_for: str = ""
    has_statements: bool = False


class OwnerPart(Part):
    family: Family
    flow: str | None = None  # empty: the ledger itself
    valid_from: date | None = None


class BooksPart(Part):
    """One company of a ledger: which account plays which role, and who owns which family of which source."""

    ledger: str
    company: str
    usual_roles: bool = False
    roles: list[RolePart] = Field(default_factory=list)
    owners: dict[str, list[OwnerPart]] = Field(default_factory=dict)  # by the source connection's name


class FlowPart(Part):
    name: str
    source: str
    stream: str
    ledger: str
    company: str = ""
    document: Literal["spend", "vendor", "reference"] = "spend"
    filter: dict[str, list[str]] = Field(default_factory=dict)
    policies: dict[str, Any] = Field(default_factory=dict)
    journals: dict[str, Any] = Field(default_factory=dict)
    cost_centre: str = ""
    post_from: date | None = None
    state: Literal["off", "dry_run", "on"] = "off"


class RulePart(Part):
    """`value` is the ledger's code, name or id of the account, cost centre, tax, vendor …"""

    target: str
    when: dict[str, str] = Field(min_length=1, max_length=3)
    value: str
    ledger: str
    company: str = ""
    flow: str = ""
    valid_from: date | None = None
    priority: int = 0
    reason: str = "set-up file"


class TenantPart(Part):
    slug: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    name: str
    time_zone: str = "UTC"
    members: list[MemberPart] = Field(default_factory=list)
    connections: list[ConnectionPart] = Field(default_factory=list)
    books: list[BooksPart] = Field(default_factory=list)
    flows: list[FlowPart] = Field(default_factory=list)
    rules: list[RulePart] = Field(default_factory=list)


class SetupFile(Part):
    tenants: list[TenantPart] = Field(min_length=1)
