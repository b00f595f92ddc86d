"""Who and what belongs to the demo company: people, departments, entities, vendors, merchants, codes?"""

from __future__ import annotations

from connectors.brex.simulator.company_objects import Builder
from connectors.brex.simulator.state import Item

GL_FIELD_REMOTE_ID = "gl_account"
COST_CENTRE_FIELD_REMOTE_ID = "cost_center"
UNMAPPED_GL = "699900"
UNMAPPED_CATEGORY = "CHARITY"
UNKNOWN_VENDOR = "Quarry Lane Consulting"

# code and name; the codes are those of Odoo's generic chart, except the last, which no ledger has
GL_ACCOUNTS = (
    ("600000", "Expenses"),
    ("612000", "Rent"),
    ("620000", "Bank Fees"),
    ("630000", "Salary Expenses"),
    ("962000", "Sales Expenses"),
    ("131000", "Tax Paid"),
    ("201100", "Credit Card"),
    ("211000", "Account Payable"),
    ("101401", "Bank"),
    ("101404", "Outstanding Payments"),
    (UNMAPPED_GL, "Suspense (old chart)"),
)
COST_CENTRES = (("APO", "Apollo"), ("ZEU", "Zeus"), ("SAL", "Sales"), ("IT", "IT"))
PROJECTS = ("Line 4 retrofit", "Warehouse pilot")

# name, cost centre
DEPARTMENTS = (("Engineering", "APO"), ("Research", "ZEU"), ("Sales", "SAL"), ("IT", "IT"), ("Finance", "IT"))
LOCATIONS = ("San Francisco", "Berlin", "Tokyo")
# key, display name, country, currency of its books
LEGAL_ENTITIES = (("US", "Cascade Robotics Inc", "US", "USD"), ("EU", "Cascade Robotics GmbH", "DE", "EUR"))

# first name, last name, department, location, legal entity, card currency
EMPLOYEES = (
    ("Ana", "Roux", "Engineering", "San Francisco", "US", "USD"),
    ("Marcus", "Oyelaran", "Engineering", "San Francisco", "US", "USD"),
    ("Priya", "Raman", "Research", "San Francisco", "US", "USD"),
    ("Tom", "Beckett", "Sales", "San Francisco", "US", "USD"),
    ("Lucia", "Ferrante", "Sales", "San Francisco", "US", "USD"),
    ("Kwame", "Addo", "IT", "San Francisco", "US", "USD"),
    ("Grace", "Lindqvist", "Finance", "San Francisco", "US", "USD"),
    ("Jonas", "Weber", "Engineering", "Berlin", "EU", "EUR"),
    ("Sofie", "Krüger", "Research", "Berlin", "EU", "EUR"),
    ("Emil", "Novak", "Sales", "Berlin", "EU", "EUR"),
    ("Haruka", "Tanabe", "Sales", "Tokyo", "US", "JPY"),
    ("Kenji", "Morita", "Research", "Tokyo", "US", "JPY"),
)

# descriptor on the statement, merchant category code, country, Brex category, GL code, lowest and highest minor amount
Merchant = tuple[str, str, str, str, str, int, int]
MERCHANTS: dict[str, tuple[Merchant, ...]] = {
    "USD": (
        ("AMAZON WEB SERVICES", "7372", "USA", "SERVERS", "600000", 42_000, 380_000),
        ("GITHUB, INC.", "5734", "USA", "RECURRING_SOFTWARE_AND_SAAS", "600000", 2_100, 48_000),
        ("UNITED AIRLINES", "3000", "USA", "AIRLINE_EXPENSES", "962000", 18_900, 124_000),
        ("HILTON HOTELS CHICAGO", "3504", "USA", "LODGING", "962000", 14_500, 92_000),
        ("UBER TRIP", "4121", "USA", "RIDESHARE_AND_TAXI", "962000", 900, 7_800),
        ("DOORDASH", "5814", "USA", "FOOD_DELIVERY", "962000", 1_800, 21_000),
        ("STAPLES 0412", "5111", "USA", "OFFICE_SUPPLIES", "600000", 1_200, 34_000),
        ("DIGIKEY ELECTRONICS", "5065", "USA", "ELECTRONICS", "600000", 3_400, 260_000),
        ("WEWORK MARKET ST", "6513", "USA", "RENT", "612000", 240_000, 480_000),
        ("LINKEDIN ADS", "7311", "USA", "ADVERTISING_AND_MARKETING", "962000", 9_000, 210_000),
        ("FEDEX 88341", "4215", "USA", "SHIPPING", "600000", 1_600, 18_000),
        ("CITY OF SF PARKING", "7523", "USA", "PARKING_EXPENSES", "962000", 400, 3_600),
    ),
    "EUR": (
        ("DEUTSCHE BAHN", "4112", "DEU", "PUBLIC_TRANSPORTATION", "962000", 1_900, 23_000),
        ("HETZNER ONLINE GMBH", "7372", "DEU", "SERVERS", "600000", 4_500, 96_000),
        ("RS COMPONENTS FRANKFURT", "5065", "DEU", "ELECTRONICS", "600000", 2_800, 140_000),
        ("MOTEL ONE BERLIN", "7011", "DEU", "LODGING", "962000", 8_900, 42_000),
        ("VAPIANO SE", "5812", "DEU", "RESTAURANTS", "962000", 1_400, 16_000),
        ("MESSE MUENCHEN", "7399", "DEU", "CONFERENCES", "962000", 19_000, 120_000),
        ("CONRAD ELECTRONIC", "5732", "DEU", "ELECTRONICS", "600000", 1_100, 52_000),
    ),
    "JPY": (
        ("JR EAST SHINJUKU", "4112", "JPN", "PUBLIC_TRANSPORTATION", "962000", 420, 28_000),
        ("スターバックス 渋谷", "5814", "JPN", "RESTAURANTS", "962000", 480, 6_400),
        ("YODOBASHI AKIBA", "5732", "JPN", "ELECTRONICS", "600000", 2_900, 180_000),
        ("TOKYU STAY GINZA", "7011", "JPN", "LODGING", "962000", 11_000, 74_000),
    ),
}
CHARITY: Merchant = ("HARBOR FOOD BANK", "8398", "USA", UNMAPPED_CATEGORY, UNMAPPED_GL, 5_000, 40_000)
# company name, legal entity that it bills, GL code, Brex category, rail
VENDORS = (
    ("Harbor Property Management", "US", "612000", "RENT", "ACH"),
    ("Northwind Machining", "US", "600000", "GENERAL_MERCHANDISE", "ACH"),
    ("Bluefin Legal LLP", "US", "600000", "LEGAL_SERVICES", "DOMESTIC_WIRE"),
    ("Granite State Insurance", "US", "600000", "CORPORATE_INSURANCE", "CHEQUE"),
    ("Pacific Cloud Hosting", "US", "600000", "SERVERS", "ACH"),
    ("Redwood Talent Partners", "US", "630000", "CONSULTANT_AND_CONTRACTOR", "ACH"),
    ("Summit Trade Shows", "US", "962000", "EVENT_EXPENSES", "ACH"),
    ("Alder & Pine Office", "US", "600000", "OFFICE_SUPPLIES", "ACH"),
    ("Spreewerk Praezision GmbH", "EU", "600000", "GENERAL_MERCHANDISE", "INTERNATIONAL_WIRE"),
    ("Kanzlei Hofmann", "EU", "600000", "LEGAL_SERVICES", "INTERNATIONAL_WIRE"),
    ("Immobilien Mitte AG", "EU", "612000", "RENT", "INTERNATIONAL_WIRE"),
    ("Stadtwerke Berlin", "EU", "600000", "UTILITIES", "INTERNATIONAL_WIRE"),
)
# what a person claims back: text, Brex category, GL code, lowest and highest minor amount (JPY: in yen)
CLAIMS = (
    ("Client dinner", "RESTAURANTS", "962000", 2_500, 24_000),
    ("Mileage to supplier", "GAS_AND_FUEL", "962000", 1_900, 13_000),
    ("Home office monitor", "ELECTRONICS", "600000", 14_000, 52_000),
    ("Train to customer", "PUBLIC_TRANSPORTATION", "962000", 1_200, 19_000),
    ("Reference books", "BOOKS_AND_NEWSPAPERS", "600000", 1_500, 12_000),
)
# Brex category to GL code, for set-ups that map expenses and feeds; UNMAPPED_CATEGORY is left out on purpose
CATEGORY_ACCOUNTS: dict[str, str] = (
    {one[3]: one[4] for group in MERCHANTS.values() for one in group}
    | {one[3]: one[2] for one in VENDORS}
    | {one[1]: one[2] for one in CLAIMS}
)
CATEGORIES = tuple(sorted(CATEGORY_ACCOUNTS))
CARD_CURRENCIES = ("USD", "EUR", "JPY")
# name, whether primary, opening balance in cents
CASH_ACCOUNTS = (("Operating", True, 184_500_000), ("Treasury reserve", False, 62_000_000))
# text in the cash feed, direction, what it is to the ledger: a GL code, or TRANSIT for the company's own outside bank
COUNTERPARTIES = (
    ("GUSTO PAYROLL", "out", "630000"),
    ("PG&E UTILITIES", "out", "600000"),
    ("FRANCHISE TAX BOARD", "out", "600000"),
    ("FIRST COAST BANK SWEEP", "in", "TRANSIT"),
    ("FIRST COAST BANK FUNDING", "out", "TRANSIT"),
)


def add_catalogue(build: Builder) -> None:
    """Put people, departments, locations, entities, vendors, fields, accounts and the integration in place."""
    simulator, store = build.simulator, build.store
    store.integrations.put(
        {
            "id": store.new_id("int"),
            "vendor": "ML_CONNECTOR",
            "vendor_account_id": "demo",
            "status": "ACTIVE",
            "created_at": simulator.stamp(),
            "_seq": store.sequence(),
        }
    )
    _add_fields(build)
    for name, centre in DEPARTMENTS:
        build.departments[name] = simulator.team.add("departments", name, f"Cost centre {centre}")
    for name in LOCATIONS:
        build.locations[name] = simulator.team.add("locations", name)
    for key, name, country, currency in LEGAL_ENTITIES:
        city = {"US": "San Francisco", "DE": "Berlin"}[country]
        address = {"line1": "1 Factory Way", "city": city, "country": country, "postal_code": "94104"}
        build.entities[key] = store.legal_entities.put(
            {
                "id": store.new_id("cule"),
                "displayName": name,
                "billingAddress": address,
                "createdAt": "2024-01-15T09:00:00Z",
                "status": "VERIFIED",
                "isDefault": key == "US",
                "_currency": currency,
                "_seq": store.sequence(),
            }
        )
    _add_people(build)
    for name, _, _, _, rail in VENDORS:
        accounts = [{"details": _instrument(build, rail)}]
        build.vendors[name] = simulator.vendors.add(name, f"ap@{_slug(name)}.test", None, accounts)
    build.vendors[UNKNOWN_VENDOR] = {"id": store.new_id("pdcont"), "email": None}
    _add_accounts(build)


def _add_fields(build: Builder) -> None:
    fields = build.simulator.fields
    build.fields["gl"] = fields.new_field("GL account", "ERP", GL_FIELD_REMOTE_ID)
    build.fields["cc"] = fields.new_field("Cost centre", "ERP", COST_CENTRE_FIELD_REMOTE_ID)
    build.fields["project"] = fields.new_field("Project", "ACCOUNTING", None)
    for code, name in GL_ACCOUNTS:
        value = fields.new_value(build.fields["gl"]["id"], f"{code} {name}", code, code, code == UNMAPPED_GL)
        build.values[("gl", code)] = value
    for code, name in COST_CENTRES:
        build.values[("cc", code)] = fields.new_value(build.fields["cc"]["id"], name, code, code)
    for name in PROJECTS:
        build.values[("project", name)] = fields.new_value(build.fields["project"]["id"], name, None, None)


def _add_people(build: Builder) -> None:
    centres = dict(DEPARTMENTS)
    for first, last, department, location, entity, currency in EMPLOYEES:
        email = f"{first.lower()}.{_slug(last)}@cascade.test"
        person = build.simulator.team.new_user(first, last, email)
        person.update(
            department_id=build.departments[department]["id"],
            location_id=build.locations[location]["id"],
            manager_id=build.simulator.admin_id,
            _department=department,
            _location=location,
            _entity=entity,
            _currency=currency,
            _cost_centre=centres[department],
        )
        person["_card_id"] = _add_card(build, person)
        build.people.append(person)


def _add_card(build: Builder, person: Item) -> str:
    card_id = build.store.new_id("card")
    address = {"line1": "1 Factory Way", "city": person["_location"], "country": "US", "postal_code": "94104"}
    build.store.cards.put(
        {
            "id": card_id,
            "owner": {"type": "USER", "user_id": person["id"]},
            "status": "ACTIVE",
            "last_four": f"{build.random.randint(0, 9999):04d}",
            "card_name": f"{person['first_name']} {person['last_name']}",
            "card_type": "VIRTUAL",
            "limit_type": "USER",
            "spend_controls": None,
            "billing_address": address,
            "mailing_address": None,
            "expiration_date": {"month": 9, "year": build.today.year + 2},
            "has_been_transferred": False,
            "metadata": None,
            "budget_id": None,
            "_seq": build.store.sequence(),
        }
    )
    return card_id


def _add_accounts(build: Builder) -> None:
    period = {"start_date": build.today.replace(day=1).isoformat(), "end_date": build.today.isoformat()}
    for currency in CARD_CURRENCIES:
        zero = {"amount": 0, "currency": currency}
        build.store.card_accounts.append(
            {
                "id": build.store.new_id("cacct"),
                "status": "ACTIVE",
                "current_balance": zero,
                "available_balance": {"amount": 20_000_000, "currency": currency},
                "account_limit": {"amount": 20_000_000, "currency": currency},
                "current_statement_period": period,
                "_opening": 0,
            }
        )
    for name, is_primary, opening in CASH_ACCOUNTS:
        balance = {"amount": opening, "currency": "USD"}
        build.store.cash_accounts.append(
            {
                "id": build.store.new_id("dpacc"),
                "name": name,
                "status": "ACTIVE",
                "current_balance": balance,
                "available_balance": balance,
                "account_number": f"0{build.random.randint(10**8, 10**9)}",
                "routing_number": "121145307",
                "primary": is_primary,
                "_opening": opening,
            }
        )


def _instrument(build: Builder, rail: str) -> Item:
    number = str(build.random.randint(10**8, 10**9 - 1))
    address = {"line1": "200 Supplier Rd", "city": "Oakland", "state": "CA", "country": "US", "postal_code": "94607"}
    bank = {"routing_number": "021000021", "account_number": number}
    details: dict[str, Item] = {
        "ACH": {**bank, "account_type": "CHECKING", "account_class": "BUSINESS"},
        "DOMESTIC_WIRE": {**bank, "address": address},
        "CHEQUE": {"recipient_name": "Accounts Receivable", "mailing_address": address},
        "INTERNATIONAL_WIRE": {
            "swift_code": "DEUTDEBB",
            "iban": f"DE89370400{number}000",
            "beneficiary_bank_name": "Deutsche Bank",
            "address": {**address, "city": "Berlin", "country": "DE"},
        },
    }
    return {"type": rail, **details[rail], "payment_instrument_id": build.store.new_id("pdinstl")}


def _slug(text: str) -> str:
    plain = text.lower().replace("ü", "ue")
    return "".join(one for one in plain if one.isascii() and one.isalnum())
