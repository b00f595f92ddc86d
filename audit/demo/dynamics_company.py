"""The demo company that keeps its books in Dynamics: two legal entities, posted by a job of the environment's own."""

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
from connectors.brex.simulator.company import EMPLOYEES, locked_until, seed_company
from connectors.dynamics365_fo.simulator import DynamicsSimulator
from connectors.dynamics365_fo.stamps import is_stamp
from connectors.simulation import Simulator

SLUG = "cascade-dynamics"
SECRET = "MLC_SECRET_DYNAMICS"  # noqa: S105 - the name of a variable
COMPANIES = {"US": "usmf", "EU": "demf"}
JOB_EVERY_SECONDS = 2.0
ACCOUNTS = {"110600": "122000", "201110": "201000", "201120": "251000", "211000": "Vendor"}
"""What is called otherwise than in Odoo's generic chart."""
BANKS = {"usmf": "USMF OPER", "demf": "DEMF OPER"}
ROLES: tuple[tuple[str, str, str], ...] = (
    ("TRANSIT", "101404", ""), ("FEE", "620000", ""), ("INTINC", "450000", ""), ("REWARD", "442000", ""),
    ("TAX", "131000", ""), ("FX", "441000", "gain"), ("FX", "641000", "loss"),
)  # fmt: skip
JOURNALS = {
    "entry": "GenJrn",
    "bill": "APInvoice",
    "payments": {"101404": "VendPay", "201100": "VendPay", "201000": "VendPay"},
}


@dataclass(slots=True)
class DynamicsCompany:
    """See `audit.demo.companies.DemoCompany`."""

    brex: BrexSimulator
    fo: DynamicsSimulator
    slug: str = SLUG
    ledger: str = "Dynamics"
    names: tuple[str, str] = ("demo-dynamics-brex", "demo-dynamics")  # under which both are served

    @classmethod
    def found(cls, records: int, *, seed: int = 2027) -> DynamicsCompany:
        """A company with about so many records."""
        brex = BrexSimulator(seed=seed)
        seed_company(brex, records=records)
        made = cls(brex, DynamicsSimulator(seed=seed))
        made._recode()
        return made

    @property
    def books(self) -> Mapping[str, str]:
        return {company: key for key, company in COMPANIES.items()}

    @property
    def simulators(self) -> Mapping[str, Simulator]:
        return dict(zip(self.names, (self.brex, self.fo), strict=True))

    @contextmanager
    def prepare(self, addresses: Mapping[str, str], today: date) -> Iterator[None]:
        self.books_prepare(today)
        self.fo.control("set", {"post_every_seconds": JOB_EVERY_SECONDS, "automatic_settlement": True})
        yield

    def books_prepare(self, today: date) -> None:
        """Journals take our numbers, a month is closed, and people whom the company owes are vendors."""
        for company in COMPANIES.values():
            numbers = {"code": "JournalBatchNumber", "company": company, "user_changes": True}
            self.fo.control("set_number_sequence", numbers)
            self.fo.control("close_through", {"day": locked_until(today).isoformat(), "company": company})
            for first, last, *_ in EMPLOYEES:
                values = {"dataAreaId": company, "VendorGroupId": "40", "VendorPartyType": "Person"}
                values |= {"PersonFirstName": first, "PersonLastName": last, "CurrencyCode": "USD"}
                values["PrimaryEmailAddress"] = f"{first.lower()}.{last.lower()}@cascade.test".replace("ü", "u")
                self.fo.control("create", {"set": "VendorsV3", "values": values})

    def setup(self, today: date) -> tuple[str, Mapping[str, str]]:
        return file_of(self.parts(today)), {"MLC_SECRET_BREX": self.brex.user_token, SECRET: self.fo.client_secret}

    def parts(self, today: date) -> dict[str, Any]:
        """The demo company's set-up, on what Dynamics calls the same."""
        brex, fo = (f"simulator:{name}" for name in self.names)
        connection = {
            "name": self.ledger,
            "vendor": "dynamics365_fo",
            "address": fo,
            "credentials": {
                "tenant": self.fo.tenant,
                "client_id": self.fo.client_id,
                "client_secret": {"env": SECRET},
            },
            "settings": {"vendor_group": "40"},
        }
        parts = setup_parts(
            self.brex,
            slug=self.slug,
            companies=COMPANIES,
            brex_address=brex,
            ledger=connection,
            post_from=locked_until(today) - timedelta(days=40),
        )
        for books in parts["books"]:
            books["roles"] = [*_roles(), *(_renamed(one, books["company"]) for one in books["roles"])]
        for flow in parts["flows"]:
            if flow.get("document", "spend") == "spend":
                flow |= {"journals": JOURNALS, "cost_centre": "CostCenter=IT"}
                flow["policies"] = {"attach_receipts": False, **flow.get("policies", {})}
        for rule in parts["rules"]:
            if rule["target"] == "cost_centre":
                rule["value"] = f"CostCenter={rule['value']}"
        return parts

    def held(self) -> Iterator[Seen]:
        """Journals carry our mark as their integration key, invoices and payments in their description, vendors as the
        number that we have with them."""
        with self.fo.lock:
            for name, kind, field_name in (
                ("LedgerJournalHeaders", ENTRY, "IntegrationKey"),
                ("VendInvoiceJournalHeaders", BILL, "Description"),
                ("VendorPaymentJournalHeaders", PAYMENT, "Description"),
            ):
                lines = self._lines(name)
                for row in self._rows(name):
                    if is_stamp(row[field_name]):
                        total, currency = _total(lines.get((row["dataAreaId"], row["JournalBatchNumber"]), []), kind)
                        yield Seen(row[field_name], row["dataAreaId"], kind, row["IsPosted"] == "Yes", total, currency)
            for row in self._rows("VendorsV3"):
                if is_stamp(row.get("OurAccountNumber", "")):
                    yield Seen(row["OurAccountNumber"], "", PARTNER, True)

    def _rows(self, name: str) -> list[dict[str, Any]]:
        return [dict(row) for row in self.fo.store.table(name).rows.values()]

    def _lines(self, headers: str) -> dict[tuple[str, str], list[dict[str, Any]]]:
        found: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for row in self._rows(headers.replace("Headers", "Lines")):
            found.setdefault((row["dataAreaId"], row["JournalBatchNumber"]), []).append(row)
        return found

    def _recode(self) -> None:
        """Brex carries the codes of the ledger that it is connected with."""
        for record in self.brex.store.records:
            bank = BANKS["demf" if record.get("amount", {}).get("currency") == "EUR" else "usmf"]
            codes = {**ACCOUNTS, "101410": bank, "101411": bank}
            for line in record.get("line_items") or ():
                for value in line.get("accounting_field_values") or ():
                    code = value.get("remote_field_value_id")
                    value["remote_field_value_id"] = codes.get(code, code)


def _roles() -> list[dict[str, str]]:
    return [{"role": role, "account": account, **({"what_for": what} if what else {})} for role, account, what in ROLES]


def _renamed(role: Mapping[str, Any], company: str) -> dict[str, Any]:
    code = role["account"]
    return {**role, "account": BANKS[company] if role["role"] == "CASH" else ACCOUNTS.get(code, code)}


def _total(lines: list[dict[str, Any]], kind: str) -> tuple[Decimal, str]:
    """What a document comes to: the debits of an entry and of the accounts it brings to balance; of an invoice what
    the vendor is owed, or gives back."""
    if kind == BILL:
        lines = [one for one in lines if one["AccountType"] == "Vend"]
        amounts = [(one.get("Debit") or 0) + (one.get("Credit") or 0) for one in lines]
    else:
        amounts = [(one.get("DebitAmount") or 0) + (one.get("CreditAmount") or 0) for one in lines]
    currency = next((one.get("CurrencyCode") or one.get("Currency") or "" for one in lines), "")
    return plain(Decimal(sum(amounts, Decimal(0)))), currency
