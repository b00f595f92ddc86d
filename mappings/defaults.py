"""Which account usually plays a role? Offered by code for the charts we know, and confirmed by a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connectors.documents import Role

OPEN_ITEMS = frozenset({Role.TRANSIT, Role.AP, Role.EMPAY, Role.EMREC, Role.ADV, Role.DISPUTE, Role.ACCR})
"""Roles whose accounts must be reconcilable."""

EITHER_WAY = frozenset({Role.FX, Role.ROUND})
"""Roles that a chart may split into `gain` and `loss`."""


@dataclass(frozen=True, slots=True)
class UsualAccount:
    """`code` is empty where a person has to create the account first; `remark` says what kind. A chart without codes
    has its accounts by `name`."""

    role: Role
    code: str
    what_for: str = ""
    remark: str = ""
    name: str = ""


# The generic chart of Odoo 19.0, codes as observed there.
_ODOO_GENERIC = (
    UsualAccount(Role.TAX, "131000"),
    UsualAccount(Role.CARD, "201100"),
    UsualAccount(Role.CASH, "101401", remark="the account of the bank journal that is the Brex cash account"),
    UsualAccount(Role.TRANSIT, "101404"),
    UsualAccount(Role.AP, "211000"),
    UsualAccount(Role.EMPAY, "211000", remark="the payable account of the employee's partner"),
    UsualAccount(Role.EMREC, "", remark="a new reconcilable account of type Current Assets"),
    UsualAccount(Role.ADV, "", remark="a new reconcilable account of type Current Assets"),
    UsualAccount(Role.CARDC, "201100"),
    UsualAccount(Role.CARDI, "201100"),
    UsualAccount(Role.COPD, "201100"),
    UsualAccount(Role.PAYCLR, "230000"),
    UsualAccount(Role.FEE, "620000"),
    UsualAccount(Role.INTINC, "450000"),
    UsualAccount(Role.REWARD, "450000"),
    UsualAccount(Role.FX, "441000", "gain"),
    UsualAccount(Role.FX, "641000", "loss"),
    UsualAccount(Role.DISC, "643000"),
    UsualAccount(Role.ROUND, "442000", "gain"),
    UsualAccount(Role.ROUND, "642000", "loss"),
    UsualAccount(Role.DISPUTE, "", remark="a new reconcilable account of type Current Liabilities"),
    UsualAccount(Role.ACCR, "211100"),
)
# Dynamics brings no chart of its own; only what stands for *account type Vendor* is the same everywhere.
_DYNAMICS = (
    UsualAccount(Role.TAX, "", remark="a main account of type Asset"),
    UsualAccount(Role.CARD, "", remark="a main account of type Liability that allows manual entry"),
    UsualAccount(Role.CASH, "", remark="a bank account that the connection's settings name"),
    UsualAccount(Role.TRANSIT, "", remark="a bridging account: a main account of type Asset or Liability"),
    UsualAccount(Role.AP, "Vendor", remark="booked through the vendor's posting profile"),
    UsualAccount(Role.EMPAY, "Vendor", remark="the employee as a vendor; else a main account of type Liability"),
    UsualAccount(Role.EMREC, "", remark="the employee as a vendor, or a main account of type Asset"),
    UsualAccount(Role.ADV, "", remark="a main account of type Asset"),
    UsualAccount(Role.CARDC, "", remark="the issuer as a vendor, or a main account of type Liability"),
    UsualAccount(Role.CARDI, "", remark="the issuer as a vendor, or a main account of type Liability"),
    UsualAccount(Role.COPD, "", remark="the issuer as a vendor, or a main account of type Liability"),
    UsualAccount(Role.PAYCLR, "", remark="a main account of type Liability"),
    UsualAccount(Role.FEE, "", remark="a main account of type Expense"),
    UsualAccount(Role.INTINC, "", remark="a main account of type Revenue"),
    UsualAccount(Role.REWARD, "", remark="a main account of type Revenue"),
    UsualAccount(Role.FX, "", "gain", remark="the ledger's account of realised gains"),
    UsualAccount(Role.FX, "", "loss", remark="the ledger's account of realised losses"),
    UsualAccount(Role.DISC, "", remark="the account of vendors' cash discounts"),
    UsualAccount(Role.ROUND, "", remark="the account of penny differences"),
    UsualAccount(Role.DISPUTE, "", remark="a main account of type Liability"),
    UsualAccount(Role.ACCR, "", remark="a main account of type Liability"),
)
# The accounts that Zoho Books makes for a new organisation, by the names that its documentation uses; they come without
# codes, and a person may have renamed them.
_ZOHO_USUAL = (
    UsualAccount(Role.CARD, "", remark="a new account of type Credit Card for each card account"),
    UsualAccount(Role.CASH, "", remark="a new account of type Bank for each Brex cash account"),
    UsualAccount(Role.TRANSIT, "", remark="a new account of type Payment Clearing"),
    UsualAccount(Role.AP, "", name="Accounts Payable"),
    UsualAccount(Role.EMPAY, "", name="Employee Reimbursements"),
    UsualAccount(Role.EMREC, "", remark="a new account of type Other Current Asset"),
    UsualAccount(Role.ADV, "", name="Employee Advance"),
    UsualAccount(Role.PAYCLR, "", remark="a new account of type Other Current Liability"),
    UsualAccount(Role.FEE, "", name="Bank Fees and Charges"),
    UsualAccount(Role.INTINC, "", name="Interest Income"),
    UsualAccount(Role.REWARD, "", remark="a new account of type Other Income"),
    UsualAccount(Role.FX, "", name="Exchange Gain or Loss"),
    UsualAccount(Role.DISC, "", name="Purchase Discounts"),
    UsualAccount(Role.ROUND, "", remark="a new account of type Other Expense"),
    UsualAccount(Role.DISPUTE, "", remark="a new account of type Other Current Liability"),
    UsualAccount(Role.ACCR, "", remark="a new account of type Other Current Liability"),
)
USUAL_ACCOUNTS: Mapping[str, tuple[UsualAccount, ...]] = {
    "odoo": _ODOO_GENERIC,
    "zoho_books": _ZOHO_USUAL,
    "dynamics365_fo": _DYNAMICS,
}

_OWED = frozenset({"liability_credit_card", "liability_current"})
_COST = frozenset({"expense", "expense_other", "expense_direct_cost"})
_INCOME = frozenset({"income", "income_other"})
_ODOO_TYPES: Mapping[Role, frozenset[str]] = {
    Role.EXP: _COST | {"expense_depreciation", "asset_current", "asset_prepayments", "asset_fixed"},
    Role.TAX: frozenset({"asset_current", "liability_current"}),
    Role.CARD: _OWED,
    Role.CASH: frozenset({"asset_cash"}),
    Role.TRANSIT: frozenset({"asset_current", "liability_current"}),
    Role.AP: frozenset({"liability_payable"}),
    Role.EMPAY: frozenset({"liability_payable", "liability_current"}),
    Role.EMREC: frozenset({"asset_current", "asset_receivable"}),
    Role.ADV: frozenset({"asset_current", "asset_prepayments"}),
    Role.CARDC: _OWED | {"liability_payable"},
    Role.CARDI: _OWED | {"liability_payable"},
    Role.COPD: _OWED | {"liability_payable"},
    Role.PAYCLR: frozenset({"liability_current"}),
    Role.FEE: _COST,
    Role.INTINC: _INCOME,
    Role.REWARD: _INCOME,
    Role.FX: _INCOME | _COST,
    Role.DISC: _INCOME | _COST,
    Role.ROUND: _INCOME | _COST,
    Role.DISPUTE: frozenset({"liability_current"}),
    Role.ACCR: frozenset({"liability_current"}),
}
_OWN = frozenset({"Asset", "BalanceSheet"})
_DEBT = frozenset({"Liability", "BalanceSheet"})
_SPENT = frozenset({"Expense", "ProfitAndLoss"})
_EARNED = frozenset({"Revenue", "ProfitAndLoss"})
_VENDOR = frozenset({"Vend"})
_DYNAMICS_TYPES: Mapping[Role, frozenset[str]] = {
    Role.EXP: _SPENT | _OWN,
    Role.TAX: _OWN | _DEBT,
    Role.CARD: _DEBT,
    Role.CASH: frozenset({"Bank"}),
    Role.TRANSIT: _OWN | _DEBT,
    Role.AP: _VENDOR,
    Role.EMPAY: _VENDOR | _DEBT,
    Role.EMREC: _VENDOR | _OWN,
    Role.ADV: _OWN,
    Role.CARDC: _VENDOR | _DEBT,
    Role.CARDI: _VENDOR | _DEBT,
    Role.COPD: _VENDOR | _DEBT,
    Role.PAYCLR: _DEBT,
    Role.FEE: _SPENT,
    Role.INTINC: _EARNED,
    Role.REWARD: _EARNED,
    Role.FX: _EARNED | _SPENT,
    Role.DISC: _EARNED | _SPENT,
    Role.ROUND: _EARNED | _SPENT,
    Role.DISPUTE: _DEBT,
    Role.ACCR: _DEBT,
}

_ZOHO_OWED = frozenset({"credit_card", "other_current_liability"})
_ZOHO_COST = frozenset({"expense", "other_expense", "cost_of_goods_sold"})
_ZOHO_INCOME = frozenset({"income", "other_income"})
_ZOHO_ASSET = frozenset({"other_current_asset", "other_asset", "fixed_asset", "intangible_asset", "long_term_asset"})
_ZOHO_TYPES: Mapping[Role, frozenset[str]] = {
    Role.EXP: _ZOHO_COST | _ZOHO_ASSET,
    Role.TAX: frozenset({"other_current_asset", "other_current_liability"}),
    Role.CARD: _ZOHO_OWED,
    Role.CASH: frozenset({"bank", "cash"}),
    Role.TRANSIT: frozenset({"payment_clearing", "bank", "cash"}),
    Role.AP: frozenset({"accounts_payable"}),
    Role.EMPAY: frozenset({"other_current_liability"}),
    Role.EMREC: frozenset({"other_current_asset"}),
    Role.ADV: frozenset({"other_current_asset"}),
    Role.CARDC: _ZOHO_OWED,
    Role.CARDI: _ZOHO_OWED,
    Role.COPD: _ZOHO_OWED,
    Role.PAYCLR: frozenset({"other_current_liability"}),
    Role.FEE: _ZOHO_COST,
    Role.INTINC: _ZOHO_INCOME,
    Role.REWARD: _ZOHO_INCOME,
    Role.FX: _ZOHO_INCOME | _ZOHO_COST,
    Role.DISC: _ZOHO_INCOME | _ZOHO_COST,
    Role.ROUND: _ZOHO_INCOME | _ZOHO_COST,
    Role.DISPUTE: frozenset({"other_current_liability"}),
    Role.ACCR: frozenset({"other_current_liability"}),
}
FITTING_TYPES: Mapping[str, Mapping[Role, frozenset[str]]] = {
    "odoo": _ODOO_TYPES,
    "zoho_books": _ZOHO_TYPES,
    "dynamics365_fo": _DYNAMICS_TYPES,
}
"""Account types of a ledger, in its own words, that can play a role."""


def fitting_types(vendor: str, role: Role) -> frozenset[str]:
    """Types that fit a role; empty when we know nothing of that ledger's types, and then none is refused."""
    return FITTING_TYPES.get(vendor, {}).get(role, frozenset())
