"""Which company do the translation tests keep books for? One chart, some rules, and a ledger that remembers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from connectors.base import LedgerFacts
from connectors.documents import Account, Document, NewVendor, Partner, Role
from connectors.money import Money
from connectors.records import Coded, Family, Link, Party, RecordKind, RecordLine, Side, SpendRecord
from mappings.translate import translate
from mappings.translate.context import (
    Decision,
    Known,
    Linked,
    Policies,
    Post,
    PostedDocument,
    RuleHit,
    Setup,
    VendorAnswer,
)
from mappings.translate.journal_text import postings

ANA = Party("cuuser_ana", "Ana Roux", "ana@example.com")
RACKSHOP = Party("vend_rack", "Rackshop SARL")
COSTS = {"TRAVEL": "6100", "SOFTWARE": "6150", "MEALS": "6200", "BANK": "6250"}
CENTRES = {"A": "A", "B": "B", "C": "C", "APO": "APO", "ZEU": "ZEU"}
ROLES = {
    (Role.CARD, ""): "201100",
    (Role.CASH, "cash_a"): "CASH A",
    (Role.CASH, "cash_b"): "CASH B",
    (Role.TRANSIT, ""): "101404",
    (Role.AP, ""): "211000",
    (Role.EMPAY, ""): "212000",
    (Role.EMREC, ""): "102000",
    (Role.FEE, ""): "620000",
    (Role.INTINC, ""): "450000",
    (Role.REWARD, ""): "450100",
    (Role.FX, "gain"): "441000",
    (Role.FX, "loss"): "641000",
    (Role.DISC, ""): "643000",
    (Role.ROUND, "gain"): "442000",
    (Role.ROUND, "loss"): "642000",
    (Role.DISPUTE, ""): "213000",
    (Role.ACCR, ""): "211100",
    (Role.TAX, ""): "131000",
}
PAYING = (Role.CARD, Role.CASH, Role.TRANSIT)


def account(role: Role, code: str) -> Account:
    return Account(role, f"id-{code}", code)


def roles(*, without: Sequence[Role] = (), empay: str = "212000") -> dict[tuple[Role, str], Account]:
    codes = ROLES | {(Role.EMPAY, ""): empay}
    return {key: account(key[0], code) for key, code in codes.items() if key[0] not in without}


@dataclass
class Rules:
    """Rules as plain tables: (field, value) -> code; satisfies `Resolver`."""

    accounts: Mapping[tuple[str, str], str] = field(default_factory=dict)
    centres: Mapping[tuple[str, str], str] = field(default_factory=dict)
    taxes: Mapping[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    names: Mapping[tuple[str, str, str], RuleHit] = field(default_factory=dict)
    archived: frozenset[str] = frozenset()

    def account(self, coding: Sequence[Coded], on: date) -> RuleHit | None:
        for coded in coding:
            if code := self.accounts.get((coded.field, coded.value)):
                because = f"{code} because rule 1: {coded.field} {coded.value}"
                return RuleHit(f"id-{code}", code, code, rule=1, because=because, is_active=code not in self.archived)
        return None

    def cost_centres(self, coding: Sequence[Coded], on: date) -> Sequence[RuleHit]:
        return [
            RuleHit(f"id-{code}", code, code, group="plan", is_active=code not in self.archived)
            for coded in coding
            if (code := self.centres.get((coded.field, coded.value)))
        ]

    def tax(self, coding: Sequence[Coded], on: date) -> RuleHit | None:
        for coded in coding:
            if found := self.taxes.get((coded.field, coded.value)):
                return RuleHit(found[0], found[0], found[1])
        return None

    def named(self, target: str, coding: Sequence[Coded], on: date) -> RuleHit | None:
        found = (self.names.get((target, coded.field, coded.value)) for coded in coding)
        return next((hit for hit in found if hit), None)

    def unmapped(self, target: str, coding: Sequence[Coded]) -> Coded | None:
        return next(iter(coding), None)


@dataclass
class Partners:
    """Ana, Rackshop and the merchants that are named here; satisfies `PartnerBook`."""

    vendors: Mapping[str, str] = field(default_factory=lambda: {"Rackshop SARL": "p-rack", "RACKSHOP LYON": "p-rack"})
    pending: Mapping[str, str] = field(default_factory=dict)
    may_create: bool = False

    def vendor(self, *, id: str, name: str, tax_id: str, on: date, merchant: str = "") -> VendorAnswer:
        if name in self.vendors:
            return VendorAnswer(Partner(self.vendors[name], name))
        if name in self.pending:
            return VendorAnswer(pending_key=self.pending[name])
        return VendorAnswer(because=f"No vendor is called {name}.", may_create=self.may_create)

    def employee(self, *, id: str, name: str, email: str, on: date) -> VendorAnswer:
        if id == ANA.id:
            return VendorAnswer(Partner("p-ana", "Ana Roux"))
        return VendorAnswer(because=f"No partner is {name}.", candidates=(("p-ana", "Ana Roux", 61),))


def rules(**changes: Any) -> Rules:
    return Rules(
        accounts={("category", name): code for name, code in COSTS.items()}
        | {("gl_account", code): code for code in ("6100", "6150", "6200")},
        centres={("cost_center", name): code for name, code in CENTRES.items()},
        **changes,
    )


def a_setup(policies: Mapping[str, Any] | None = None, **changes: Any) -> Setup:
    given: dict[str, Any] = {
        "flow_id": 1,
        "source": "brex",
        "stream": "card_transactions",
        "company": "1",
        "company_currency": "USD",
        "time_zone": "America/New_York",
        "policies": Policies(**(policies or {})),
        "entry_journal": "MISC",
        "bill_journal": "BILL",
        "payment_journals": {
            f"id-{ROLES[key]}": "BNK" for key in ROLES if key[0] in (Role.CARD, Role.CASH, Role.TRANSIT)
        },
        "roles": roles(),
        "resolver": rules(),
        "partners": Partners(),
        "may_write_cash": frozenset({"cash_a", "cash_b"}),
        "accounts_by_code": {one.code: one for one in roles().values()},
    }
    return Setup(**(given | changes))


def facts(
    *,
    currency: str = "USD",
    closed: Mapping[str, date] | None = None,
    rates: Mapping[tuple[str, date], str | None] | None = None,
    active: frozenset[str] = frozenset({"USD", "EUR", "JPY", "KWD", "GBP"}),
    decimals: Mapping[str, int] | None = None,
    year_end: tuple[int, int] = (12, 31),
) -> LedgerFacts:
    return LedgerFacts(
        company="1",
        company_currency=currency,
        closed_through=closed or {},
        rates={key: Decimal(rate) if rate else None for key, rate in (rates or {}).items()},
        decimals=decimals or {},
        active_currencies=active,
        fiscal_year_end=year_end,
    )


def known(key: str = "brex:r1", **given: Any) -> Known:
    return Known(**({"key": key, "facts": facts()} | given))


def usd(amount: str) -> Money:
    return Money(Decimal(amount), "USD")


def money(text: str) -> Money:
    amount, currency = text.split()
    return Money(Decimal(amount), currency)


def coded(**values: str) -> tuple[Coded, ...]:
    return tuple(Coded(name, value) for name, value in values.items())


def line(amount: str | None = None, side: Side | None = None, *, share: str = "", **given: Any) -> RecordLine:
    names = ("memo", "original", "is_personal", "id")
    changes = {name: given.pop(name) for name in names if name in given}
    return RecordLine(
        **({"id": "l"} | changes),
        amount=money(amount if " " in amount else f"{amount} USD") if amount else None,
        side=side,
        coding=coded(**given),
        percentage=Decimal(share) if share else None,
    )


def record(kind: RecordKind, amount: str | None = "80.00", **given: Any) -> SpendRecord:
    """A final record of a kind: coded TRAVEL, bought by Ana, settled on 5 February 2026."""
    links = tuple(Link(*one.split(":")) for one in given.pop("links", ()))
    settled = money(amount if " " in amount else f"{amount} USD") if amount else None
    defaults: dict[str, Any] = {
        "stream": "card_transactions",
        "external_id": "r1",
        "kind": kind,
        "family": Family.CARD_SPEND,
        "vendor_kind": kind.value.upper(),
        "amount": settled,
        "posting_moment": date(2026, 2, 5),
        "document_moment": date(2026, 2, 5),
        "person": ANA,
        "coding": coded(category="TRAVEL"),
        "links": links,
    }
    return SpendRecord(**(defaults | given))


def day(text: str) -> date:
    return date.fromisoformat(f"2026-{text}")


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@dataclass
class Story:
    """Records that reach one flow after another; what is posted is known to those that come later."""

    setup: Setup = field(default_factory=a_setup)
    facts: LedgerFacts = field(default_factory=facts)
    seen: list[Linked] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    rules: list[str] = field(default_factory=list)

    def tell(self, record: SpendRecord, *, setup: Setup | None = None, state: str = "", **given: Any) -> Decision:
        """Translate with everything that is linked; what it posts stands from then on."""
        if any(record.external_id == one.external_id for one in self.seen):
            record = replace(record, external_id=f"r{len(self.seen) + 1}")
        mine = {(link.kind, link.id) for link in record.links}
        shared = tuple(one for one in self.seen if any((link.kind, link.id) in mine for link in one.record.links))
        looked_up: dict[str, Any] = {"linked": shared} | given
        known_now = known(f"brex:{record.external_id}", **({"facts": self.facts} | looked_up))
        decision = translate(record, setup or self.setup, known_now)
        standing: tuple[PostedDocument, ...] = ()
        if isinstance(decision, Post):
            self.documents += [draft.document for draft in decision.drafts]
            self.rules += decision.rules
            standing = tuple(posted(draft.document, known_now.key, draft.purpose) for draft in decision.drafts)
        via = record.links[0] if record.links else Link("none", "")
        reached = state or ("posted" if standing else "held")
        self.seen.append(Linked(via, len(self.seen) + 1, record.stream, record.external_id, record, reached, standing))
        return decision

    def post(self, record: SpendRecord, **given: Any) -> Post:
        decision = self.tell(record, **given)
        assert isinstance(decision, Post), decision
        return decision


def posted(document: Document, key: str = "brex:r1", purpose: str = "", **given: Any) -> PostedDocument:
    full = f"{key}:{purpose}" if purpose else key
    return PostedDocument(full, purpose, document, f"ledger-{full}", f"MISC/{full}", **given)


def booked(document: Document) -> list[str]:
    """`role amount` of each line, credits negative."""
    assert not isinstance(document, NewVendor)
    return [
        f"{line.account.role} {line.amount if line.side is Side.DEBIT else -line.amount}" for line in postings(document)
    ]


def post(one: Any, setup: Setup | None = None, **given: Any) -> list[Document]:
    decision = translate(one, setup or a_setup(), known(**given))
    assert isinstance(decision, Post), decision
    return [draft.document for draft in decision.drafts]
