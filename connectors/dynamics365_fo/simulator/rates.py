"""What is one currency worth in another on a day, and which rates does a line carry?"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from .logic import Session
from .store import Row

FACTORS = {"One": 1, "Ten": 10, "Hundred": 100, "Thousand": 1000, "TenThousand": 10_000}
CENT = Decimal("0.01")


def rate_on(session: Session, kind: str, source: str, target: str, day: str) -> Decimal | None:
    """Units of `target` for one of `source`; from the pair, or from the pair the other way round. None: no rate."""
    if source == target:
        return Decimal(1)
    for pair, is_turned in (((source, target), False), ((target, source), True)):
        best: Row | None = None
        for one in session.store.table("ExchangeRates").rows.values():
            if (one["FromCurrency"], one["ToCurrency"]) != pair or one["RateTypeName"] != kind:
                continue
            if one["StartDate"][:10] <= day[:10] <= one["EndDate"][:10]:
                best = one if best is None or one["StartDate"] > best["StartDate"] else best
        if best is not None:
            rate = Decimal(best["Rate"]) / FACTORS[best["ConversionFactor"]]
            return 1 / rate if is_turned else rate
    return None


def decimals_of(session: Session, currency: str) -> Decimal:
    """The smallest amount of a currency."""
    found = session.store.find("Currencies", currency) or {}
    return Decimal(found.get("GeneralRoundingRule") or CENT)


def rounded(session: Session, amount: Decimal, currency: str) -> Decimal:
    step = decimals_of(session, currency)
    return (amount / step).quantize(Decimal(1), ROUND_HALF_UP) * step


def own_rate_refused(session: Session, row: Row, currency_field: str, rate: Decimal) -> bool:
    """A rate for the company's own currency other than 1.00, as recorded from a live environment in 2020."""
    ledger = session.store.find("Ledgers", row["dataAreaId"]) or {}
    return bool(rate) and row.get(currency_field) == ledger.get("AccountingCurrency") and rate != 1


def rate_fields(session: Session, row: Row, currency_field: str, date_field: str) -> Row:
    """The rates a stored line shows, per hundred units or per one; a sent one for a foreign currency stays."""
    ledger = session.store.find("Ledgers", row["dataAreaId"]) or {}
    currency, day = str(row.get(currency_field, "")), str(row.get(date_field, ""))
    found: Row = {}
    own = ledger.get("AccountingCurrency")
    if row.get("ExchRate") in (None, Decimal(0)) or currency == own:
        rate = rate_on(session, ledger["ExchangeRateType"], currency, str(own), day)
        found["ExchRate"] = _shown(session, rate)
    reporting = ledger.get("ReportingCurrency") or own
    if not row.get("ReportingCurrencyExchRate"):
        rate = rate_on(session, ledger["ExchangeRateType"], currency, str(reporting), day)
        found["ReportingCurrencyExchRate"] = _shown(session, rate)
    return found


def _shown(session: Session, rate: Decimal | None) -> Decimal:
    return Decimal(0) if rate is None else round(rate * session.switches.rate_scale, 12)
