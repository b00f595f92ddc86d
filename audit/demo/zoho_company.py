"""The demo company that keeps its books in Zoho: one organisation, reached by one user's consent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from audit.demo.counting import BILL, ENTRY, PARTNER, PAYMENT, Seen, plain
from audit.demo.setup import file_of, setup_parts
from connectors.brex.simulator import BrexSimulator
from connectors.brex.simulator.company import COST_CENTRES, locked_until, seed_company
from connectors.simulation import Simulator
from connectors.zoho_books.auth import SCOPES
from connectors.zoho_books.simulator import ZohoBooksSimulator
from connectors.zoho_books.stamps import MARK, is_stamp

SLUG = "cascade-zoho"
SECRETS = {"client_secret": "MLC_SECRET_ZOHO_CLIENT", "refresh_token": "MLC_SECRET_ZOHO_REFRESH"}
ORGANISATION = "927000001"
PAYABLE, OWED_TO_PEOPLE = "211000", "230010"
ROLES: tuple[tuple[str, str], ...] = (
    ("AP", PAYABLE), ("EMPAY", OWED_TO_PEOPLE), ("TRANSIT", "101404"), ("FEE", "620000"), ("INTINC", "441000"),
    ("REWARD", "450000"), ("TAX", "131000"), ("FX", "641000"),
)  # fmt: skip
IN_BOOKS = {"published", "open", "paid", "partially_paid", "overdue", "closed"}
TABLES = {"journals": ENTRY, "bills": BILL, "vendor_credits": BILL, "payments": PAYMENT}


@dataclass(slots=True)
class ZohoCompany:
    """See `audit.demo.companies.DemoCompany`."""

    brex: BrexSimulator
    zoho: ZohoBooksSimulator
    slug: str = SLUG
    ledger: str = "Zoho Books"
    names: tuple[str, str] = ("demo-zoho-brex", "demo-zoho")  # under which both are served

    @classmethod
    def found(cls, records: int, *, seed: int = 2028) -> ZohoCompany:
        """A company with about so many records."""
        brex = BrexSimulator(seed=seed)
        seed_company(brex, records=records)
        _recode(brex)
        return cls(brex, ZohoBooksSimulator(seed=seed))

    @property
    def books(self) -> Mapping[str, str]:
        return {ORGANISATION: "US"}

    @property
    def simulators(self) -> Mapping[str, Simulator]:
        return dict(zip(self.names, (self.brex, self.zoho), strict=True))

    @contextmanager
    def prepare(self, addresses: Mapping[str, str], today: date) -> Iterator[None]:
        self.zoho.control("lock", {"through": locked_until(today).isoformat(), "organisation": ORGANISATION})
        yield

    def setup(self, today: date) -> tuple[str, Mapping[str, str]]:
        given = self.zoho.credentials()
        secrets = {
            "MLC_SECRET_BREX": self.brex.user_token,
            SECRETS["client_secret"]: given["client_secret"],
            SECRETS["refresh_token"]: self.zoho.control("add_refresh_token", {"scopes": list(SCOPES)}),
        }
        return file_of(self.parts(today)), secrets

    def parts(self, today: date) -> dict[str, Any]:
        """The American half of the demo company's set-up, on what Zoho calls the same."""
        brex, zoho = (f"simulator:{name}" for name in self.names)
        connection = {
            "name": self.ledger,
            "vendor": "zoho_books",
            "address": zoho,
            "settings": {"organization_id": ORGANISATION},
            "credentials": {
                "client_id": self.zoho.credentials()["client_id"],
                **{name: {"env": variable} for name, variable in SECRETS.items()},
            },
        }
        parts = setup_parts(
            self.brex,
            slug=self.slug,
            companies={"US": ORGANISATION},
            brex_address=brex,
            ledger=connection,
            post_from=locked_until(today) - timedelta(days=40),
        )
        centres = self._centres()
        for books in parts["books"]:
            books["usual_roles"] = False
            books["roles"] = [*({"role": role, "account": code} for role, code in ROLES), *books["roles"]]
        for flow in parts["flows"]:
            if flow.get("document", "spend") == "spend":
                flow["cost_centre"] = centres["IT"]
        for rule in parts["rules"]:
            if rule["target"] == "cost_centre":
                rule["value"] = centres[rule["value"]]
        return parts

    def held(self) -> Iterator[Seen]:
        """Documents carry our mark as their reference number, contacts in their notes."""
        with self.zoho.lock:
            state = self.zoho.state()["organisations"][ORGANISATION]
            codes = {
                row["currency_id"]: row["currency_code"] for row in self.zoho.organisations[ORGANISATION].currencies
            }
            for table, kind in TABLES.items():
                for row in state.get(table, []):
                    if is_stamp(row["reference_number"]):
                        yield _seen(row, kind, codes)
            for row in state.get("contacts", []):
                if mark := next((word for word in str(row.get("notes") or "").split() if word.startswith(MARK)), ""):
                    yield Seen(mark, "", PARTNER, True)

    def _centres(self) -> dict[str, str]:
        """Ids of the options that stand for Brex's cost centres, by Brex's codes: names alone are used twice."""
        tags = self.zoho.organisations[ORGANISATION].tags
        [options] = [tag["_options"] for tag in tags if tag["tag_name"] == "Cost centre"]
        ids = {option["option_name"]: str(option["option_id"]) for option in options}
        return {code: ids[name] for code, name in COST_CENTRES}


def _recode(brex: BrexSimulator) -> None:
    """Brex carries the codes of the ledger that it is connected with: employees are owed on an account of their own."""
    for record in brex.store.records:
        if record.get("source_type") != "REIMBURSEMENT":
            continue
        for line in record.get("line_items") or ():
            for value in line.get("accounting_field_values") or ():
                if value.get("remote_field_value_id") == PAYABLE:
                    value["remote_field_value_id"] = OWED_TO_PEOPLE


def _seen(row: Mapping[str, Any], kind: str, codes: Mapping[str, str]) -> Seen:
    amount = Decimal(str(row["amount"] if kind == PAYMENT else row["total"]))
    is_in_books = not row["balance"] if kind == PAYMENT else row["status"] in IN_BOOKS
    currency = row.get("currency_code") or codes.get(row.get("currency_id", ""), "")
    return Seen(row["reference_number"], ORGANISATION, kind, is_in_books, plain(amount), currency)
