"""Which currencies and rates has an organisation? https://www.zoho.com/books/api/v3/currency/"""

from __future__ import annotations

from decimal import Decimal

from werkzeug.wrappers import Response

from connectors.zoho_books.simulator.call import ApiCall, Route, answer
from connectors.zoho_books.simulator.errors import invalid, missing
from connectors.zoho_books.simulator.listing import Listing, listed
from connectors.zoho_books.simulator.store import ZERO, Item, Organisation
from connectors.zoho_books.simulator.values import day, number, text


class CurrenciesApi:
    def routes(self) -> list[Route]:
        base = "/settings/currencies"
        rates = f"{base}/<currency_id>/exchangerates"
        return [
            Route("GET", base, self.list, "settings.READ"),
            Route("POST", base, self.create, "settings.CREATE"),
            Route("GET", f"{base}/<currency_id>", self.get, "settings.READ"),
            Route("GET", rates, self.rates, "settings.READ"),
            Route("POST", rates, self.add_rate, "settings.CREATE"),
        ]

    def list(self, call: ApiCall) -> Response:
        return listed(call, LISTING, call.org.currencies)

    def get(self, call: ApiCall, currency_id: str) -> Response:
        return answer(currency=currency_shown(self._find(call.org, currency_id)))

    def create(self, call: ApiCall) -> Response:
        body = call.body()
        code = text(body, "currency_code", required=True)
        if call.org.currencies.having("currency_code", code):
            raise invalid("currency_code")
        places = int(number(body, "price_precision", Decimal(2)))
        made = currency_add(call.org, code, code, text(body, "currency_symbol", code), places)
        return answer("The currency has been added.", 201, currency=currency_shown(made))

    def rates(self, call: ApiCall, currency_id: str) -> Response:
        """Every rate from `from_date` on; of that day alone, or the nearest earlier one, where there is none."""
        currency = self._find(call.org, currency_id)
        found = sorted(currency["_rates"], key=lambda one: one["effective_date"], reverse=True)
        begin = call.today.isoformat() if call.query("is_current_date") == "true" else call.query("from_date")
        if begin:
            later = [one for one in found if one["effective_date"] >= begin]
            found = later or [one for one in found if one["effective_date"] < begin][:1]
        return answer(exchange_rates=found)

    def add_rate(self, call: ApiCall, currency_id: str) -> Response:
        body, currency = call.body(), self._find(call.org, currency_id)
        rate = number(body, "rate")
        if rate <= 0 or currency["is_base_currency"]:
            raise invalid("rate")
        rate_add(call.org, currency, day(body, "effective_date"), rate)
        return answer("The exchange rate has been added.", 201, exchange_rate=rate)

    def _find(self, org: Organisation, currency_id: str) -> Item:
        found = org.currencies.get(currency_id)
        if found is None:
            raise missing("Currency")
        return found


def currency_add(org: Organisation, code: str, name: str, symbol: str, places: int) -> Item:
    """A currency of the organisation; the base currency is the one of its `currency_code`."""
    currency: Item = {
        "currency_id": org.new_id(),
        "currency_code": code,
        "currency_name": f"{code}- {name}",
        "currency_symbol": symbol,
        "price_precision": places,
        "currency_format": "1,234,567.89" if places else "1,234,567",
        "is_base_currency": code == org.currency_code,
        "_rates": [],
    }
    return org.currencies.put(currency["currency_id"], currency)


def rate_add(org: Organisation, currency: Item, on: str, rate: Decimal) -> Item:
    """Base units per unit of the currency from a day on; a rate of the same day is replaced."""
    made = {
        "exchange_rate_id": org.new_id(),
        "currency_id": currency["currency_id"],
        "currency_code": currency["currency_code"],
        "effective_date": on,
        "rate": rate,
    }
    currency["_rates"] = [one for one in currency["_rates"] if one["effective_date"] != on] + [made]
    return made


def currency_shown(currency: Item) -> Item:
    return {name: value for name, value in currency.items() if not name.startswith("_")}


def _listed_row(call: ApiCall, currency: Item) -> Item:
    shown = currency_shown(currency)
    on = call.today.isoformat()
    known = [one for one in currency["_rates"] if one["effective_date"] <= on]
    if currency["is_base_currency"] or not known or call.simulator.switches.automatic_rates:
        return {**shown, "exchange_rate": ZERO, "effective_date": ""}
    newest = max(known, key=lambda one: one["effective_date"])
    return {**shown, "exchange_rate": newest["rate"], "effective_date": newest["effective_date"]}


LISTING = Listing(
    key="currencies",
    report="Currencies",
    row=_listed_row,
    filters={
        "Currencies.All": lambda _, __: True,
        "Currencies.ExcludeBaseCurrency": lambda _, row: not row["is_base_currency"],
    },
    default_filter="Currencies.All",
    sorts=("currency_code",),
    default_sort="currency_code",
)
