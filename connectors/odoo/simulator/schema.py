"""Which fields do the simulated models have, of which type, and how are they ordered by default?

One entry a model: `model | label | default order`, then `name:type`; a relation is `>model` (many2one), `*model`
(one2many) or `**model` (many2many). Names and types are those `fields_get` of Odoo 19.0 answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

COMMON = (
    "id:integer display_name:char create_date:datetime create_uid:>res.users write_date:datetime write_uid:>res.users"
)

MODELS = {
    "res.partner | Contact | name, id": """
        name:char active:boolean is_company:boolean company_type:selection parent_id:>res.partner
        email:char phone:char vat:char ref:char company_id:>res.company supplier_rank:integer
        customer_rank:integer street:char street2:char city:char zip:char state_id:>res.country.state
        country_id:>res.country lang:selection category_id:**res.partner.category
        bank_ids:*res.partner.bank property_account_payable_id:>account.account
        property_account_receivable_id:>account.account
        property_supplier_payment_term_id:>account.payment.term commercial_partner_id:>res.partner
        company_registry:char comment:html function:char employee:boolean website:char tz:selection
    """,
    "res.partner.bank | Bank Accounts | id": """
        acc_number:char sanitized_acc_number:char partner_id:>res.partner bank_id:>res.bank
        currency_id:>res.currency allow_out_payment:boolean acc_holder_name:char clearing_number:char
        company_id:>res.company active:boolean
    """,
    "res.users | User | name, login": """
        name:char login:char active:boolean company_id:>res.company company_ids:**res.company
        partner_id:>res.partner lang:selection tz:selection email:char group_ids:**res.groups
    """,
    "res.users.apikeys | Users API Keys | id": """
        name:char scope:char expiration_date:datetime user_id:>res.users
    """,
    "res.company | Companies | name": """
        name:char currency_id:>res.currency country_id:>res.country parent_id:>res.company
        partner_id:>res.partner chart_template:selection fiscalyear_lock_date:date tax_lock_date:date
        purchase_lock_date:date sale_lock_date:date hard_lock_date:date user_fiscalyear_lock_date:date
        user_purchase_lock_date:date user_tax_lock_date:date user_sale_lock_date:date
        user_hard_lock_date:date currency_exchange_journal_id:>account.journal
        income_currency_exchange_account_id:>account.account
        expense_currency_exchange_account_id:>account.account
        account_journal_suspense_account_id:>account.account transfer_account_id:>account.account
        tax_calculation_rounding_method:selection fiscalyear_last_day:integer
        fiscalyear_last_month:selection
    """,
    "res.currency | Currency | active desc, name": """
        name:char symbol:char full_name:char active:boolean rounding:float decimal_places:integer
        rate:float inverse_rate:float date:date
    """,
    "res.currency.rate | Currency Rate | name desc, id": """
        name:date rate:float company_rate:float inverse_company_rate:float currency_id:>res.currency
        company_id:>res.company
    """,
    "res.country | Country | name, id": """
        name:char code:char
    """,
    "account.account | Account | code": """
        name:char code:char code_store:char account_type:selection company_ids:**res.company
        currency_id:>res.currency reconcile:boolean active:boolean tax_ids:**account.tax
        placeholder_code:char
    """,
    "account.journal | Journal | sequence, type, code": """
        name:char code:char type:selection company_id:>res.company currency_id:>res.currency
        default_account_id:>account.account suspense_account_id:>account.account active:boolean
        restrict_mode_hash_table:boolean refund_sequence:boolean payment_sequence:boolean
        inbound_payment_method_line_ids:*account.payment.method.line
        outbound_payment_method_line_ids:*account.payment.method.line sequence:integer
    """,
    "account.tax | Tax | id": """
        name:char amount:float amount_type:selection type_tax_use:selection price_include:boolean
        price_include_override:selection company_id:>res.company country_id:>res.country
        tax_group_id:>account.tax.group active:boolean
    """,
    "account.tax.group | Tax Group | id": """
        name:char company_id:>res.company
    """,
    "account.analytic.plan | Analytic Plans | id": """
        name:char parent_id:>account.analytic.plan root_id:>account.analytic.plan
        default_applicability:selection complete_name:char
    """,
    "account.analytic.account | Analytic Account | plan_id, name": """
        name:char code:char plan_id:>account.analytic.plan root_plan_id:>account.analytic.plan
        company_id:>res.company partner_id:>res.partner active:boolean balance:monetary
    """,
    "account.analytic.line | Analytic Line | date desc, id desc": """
        name:char date:date amount:monetary unit_amount:float account_id:>account.analytic.account
        x_plan2_id:>account.analytic.account general_account_id:>account.account
        move_line_id:>account.move.line partner_id:>res.partner company_id:>res.company
        currency_id:>res.currency category:selection journal_id:>account.journal ref:char
        user_id:>res.users
    """,
    "account.move | Journal Entry | date desc, name desc, invoice_date desc, id desc": """
        name:char state:selection move_type:selection ref:char date:date invoice_date:date
        invoice_date_due:date partner_id:>res.partner commercial_partner_id:>res.partner
        company_id:>res.company company_currency_id:>res.currency journal_id:>account.journal
        currency_id:>res.currency invoice_currency_rate:float line_ids:*account.move.line
        invoice_line_ids:*account.move.line amount_untaxed:monetary amount_tax:monetary
        amount_total:monetary amount_residual:monetary amount_untaxed_signed:monetary
        amount_tax_signed:monetary amount_total_signed:monetary amount_residual_signed:monetary
        payment_state:selection status_in_payment:selection invoice_payment_term_id:>account.payment.term
        payment_reference:char invoice_origin:char narration:html auto_post:selection checked:boolean
        reversed_entry_id:>account.move matched_payment_ids:**account.payment
        origin_payment_id:>account.payment attachment_ids:*ir.attachment duplicated_ref_ids:**account.move
        inalterable_hash:char invoice_user_id:>res.users posted_before:boolean sequence_prefix:char
        sequence_number:integer
    """,
    "account.move.line | Journal Item | date desc, move_name desc, id": """
        move_id:>account.move move_name:char account_id:>account.account partner_id:>res.partner name:char
        debit:monetary credit:monetary balance:monetary amount_currency:monetary currency_id:>res.currency
        currency_rate:float quantity:float price_unit:float discount:float price_subtotal:monetary
        price_total:monetary product_id:>product.product tax_ids:**account.tax tax_line_id:>account.tax
        analytic_distribution:json analytic_line_ids:*account.analytic.line display_type:selection
        date:date date_maturity:date parent_state:selection reconciled:boolean amount_residual:monetary
        amount_residual_currency:monetary matching_number:char full_reconcile_id:>account.full.reconcile
        matched_debit_ids:*account.partial.reconcile matched_credit_ids:*account.partial.reconcile
        purchase_line_id:>purchase.order.line expense_id:>hr.expense sequence:integer
        journal_id:>account.journal company_id:>res.company company_currency_id:>res.currency ref:char
        move_type:selection invoice_date:date payment_id:>account.payment account_type:selection
    """,
    "account.payment | Payments | date desc, name desc": """
        name:char payment_type:selection partner_type:selection partner_id:>res.partner amount:monetary
        currency_id:>res.currency date:date journal_id:>account.journal company_id:>res.company
        payment_method_line_id:>account.payment.method.line memo:char payment_reference:char
        state:selection move_id:>account.move invoice_ids:**account.move
        reconciled_bill_ids:**account.move reconciled_invoice_ids:**account.move is_reconciled:boolean
        is_matched:boolean outstanding_account_id:>account.account destination_account_id:>account.account
        partner_bank_id:>res.partner.bank
    """,
    "account.payment.register | Pay | id": """
        payment_date:date amount:monetary currency_id:>res.currency journal_id:>account.journal
        communication:char group_payment:boolean payment_difference:monetary
        payment_difference_handling:selection writeoff_account_id:>account.account writeoff_label:char
        installments_mode:selection line_ids:**account.move.line payment_type:selection
        partner_type:selection partner_id:>res.partner company_id:>res.company
        payment_method_line_id:>account.payment.method.line
    """,
    "account.move.reversal | Account Move Reversal | id": """
        move_ids:**account.move new_move_ids:**account.move date:date reason:char
        journal_id:>account.journal company_id:>res.company
    """,
    "account.partial.reconcile | Partial Reconcile | id": """
        debit_move_id:>account.move.line credit_move_id:>account.move.line
        full_reconcile_id:>account.full.reconcile exchange_move_id:>account.move
        company_currency_id:>res.currency debit_currency_id:>res.currency credit_currency_id:>res.currency
        amount:monetary debit_amount_currency:monetary credit_amount_currency:monetary
        company_id:>res.company max_date:date
    """,
    "account.full.reconcile | Full Reconcile | id": """
        partial_reconcile_ids:*account.partial.reconcile reconciled_line_ids:*account.move.line
    """,
    "account.payment.method.line | Payment Methods | id": """
        name:char journal_id:>account.journal payment_account_id:>account.account payment_type:selection
        company_id:>res.company
    """,
    "account.payment.term | Payment Terms | id": """
        name:char active:boolean company_id:>res.company
    """,
    "ir.attachment | Attachment | id desc": """
        name:char res_model:char res_id:many2one_reference datas:binary raw:binary mimetype:char
        file_size:integer checksum:char type:selection description:text company_id:>res.company url:char
    """,
    "purchase.order | Purchase Order | id desc": """
        name:char partner_id:>res.partner partner_ref:char date_order:datetime date_approve:datetime
        state:selection invoice_status:selection order_line:*purchase.order.line currency_id:>res.currency
        company_id:>res.company amount_untaxed:monetary amount_tax:monetary amount_total:monetary
        invoice_ids:**account.move origin:char
    """,
    "purchase.order.line | Purchase Order Line | id": """
        order_id:>purchase.order product_id:>product.product name:text product_qty:float
        product_uom_id:>uom.uom price_unit:float tax_ids:**account.tax qty_received:float
        qty_invoiced:float qty_to_invoice:float price_subtotal:monetary price_total:monetary
        analytic_distribution:json date_planned:datetime invoice_lines:*account.move.line
        company_id:>res.company partner_id:>res.partner state:selection
    """,
    "hr.employee | Employee | name": """
        name:char work_email:char user_id:>res.users work_contact_id:>res.partner company_id:>res.company
        department_id:>hr.department job_title:char active:boolean bank_account_ids:**res.partner.bank
        work_phone:char parent_id:>hr.employee
    """,
    "hr.department | Department | id": """
        name:char company_id:>res.company active:boolean
    """,
    "hr.expense | Expense | id": """
        name:char date:date employee_id:>hr.employee product_id:>product.product
        total_amount_currency:monetary total_amount:monetary currency_id:>res.currency
        account_id:>account.account tax_ids:**account.tax analytic_distribution:json
        payment_mode:selection state:selection vendor_id:>res.partner account_move_id:>account.move
        company_id:>res.company
    """,
    "product.product | Product Variant | id": """
        name:char active:boolean default_code:char company_id:>res.company
    """,
    "ir.model.data | Model Data | id": """
        module:char name:char model:char res_id:many2one_reference
    """,
}

SELECTIONS: dict[tuple[str, str], tuple[str, ...]] = {
    ("account.move", "move_type"): (
        "entry",
        "out_invoice",
        "out_refund",
        "in_invoice",
        "in_refund",
        "out_receipt",
        "in_receipt",
    ),
    ("account.move", "state"): ("draft", "posted", "cancel"),
    ("account.move", "auto_post"): ("no", "at_date", "monthly", "quarterly", "yearly"),
    ("account.payment", "payment_type"): ("outbound", "inbound"),
    ("account.payment", "partner_type"): ("customer", "supplier"),
    ("account.payment", "state"): ("draft", "in_process", "paid", "canceled", "rejected"),
    ("account.payment.register", "payment_difference_handling"): ("open", "reconcile"),
    ("account.payment.register", "installments_mode"): ("next", "overdue", "before_date", "full"),
}

# Labels that do not follow from the name, as far as messages quote them.
LABELS = {
    "line_ids": "Journal Items",
    "invoice_line_ids": "Invoice lines",
    "move_type": "Type",
    "ref": "Reference",
    "account.payment.partner_id": "Customer/Vendor",
    "invoice_date": "Invoice/Bill Date",
    "tax_ids": "Taxes",
    "price_unit": "Unit Price",
}
_NUMBERS = ("integer", "float", "monetary")
_KINDS = {">": "many2one", "*": "one2many", "**": "many2many"}


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its type as `fields_get` names it, and the model it points to."""

    name: str
    kind: str
    relation: str
    label: str

    @property
    def empty(self) -> Any:
        """What an unset value reads as; booleans and everything else read `false`."""
        if self.kind in _NUMBERS:
            return 0
        return [] if self.kind in ("one2many", "many2many") else False


@dataclass(frozen=True, slots=True)
class Model:
    name: str
    label: str
    order: str
    fields: dict[str, Field]

    def field(self, name: str) -> Field | None:
        return self.fields.get(name)


def _field(model: str, text: str) -> Field:
    name, kind = text.split(":")
    label = LABELS.get(f"{model}.{name}") or LABELS.get(name)
    label = label or name.removesuffix("_ids").removesuffix("_id").replace("_", " ").title()
    for mark in ("**", "*", ">"):
        if kind.startswith(mark):
            return Field(name, _KINDS[mark], kind.removeprefix(mark), label)
    return Field(name, kind, "", label)


def _models() -> dict[str, Model]:
    models = {}
    for head, body in MODELS.items():
        name, label, order = (part.strip() for part in head.split("|"))
        fields = [_field(name, text) for text in f"{COMMON} {body}".split()]
        models[name] = Model(name, label, order, {field.name: field for field in fields})
    return models


SCHEMA = _models()
