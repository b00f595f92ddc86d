"""Which behaviour of Zoho is nobody sure of, or set per organisation, and what does the simulator do until told?

The client may depend on none of them; tests turn them one by one. Each default is what was seen on a live
organisation, or else the plainest reading of the documentation.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(slots=True)
class Switches:
    """Open choices by name; changed by assignment or by the control action `set`."""

    # Accounts server
    consent: str = "accept"  # accept | deny, what the person answers in the browser
    access_token_seconds: int = 3600
    code_seconds: int = 120
    self_client_code_seconds: int = 180
    codes_per_ten_minutes: int = 10
    refreshes_per_ten_minutes: int = 10
    throttle_extends: bool = False  # a refresh during the block begins its ten minutes anew
    live_access_tokens: int = 15  # other Zoho pages say 30
    refresh_tokens_per_user: int = 20
    token_answers_have_scope: bool = True
    token_error_status: int = 200  # 200 was observed for invalid_code; the others are inferred
    # Requests
    dead_token: str = "57"  # noqa: S105 - 57 | 14 | 14 in 200
    rate_headers: bool = True  # absent on one organisation, present on another
    unknown_codes_shift: int = 0  # added to codes from 990001 on, which no client may know
    requests_per_minute: int | None = 100
    minute_window: str = "rolling"  # rolling | calendar
    time_zone_told: str = ""  # an organisation's own, by its IANA name as seen live; PST, as the documentation has it
    day_zone: str = ""  # the organisation's; a zone by its name where Zoho's days are really others
    minute_refusal: str = "44"  # 44 | 43 (with Retry-After and a real block)
    block_seconds: int = 3600
    requests_per_day: int | None = -1  # -1: by the plan of the organisation
    concurrent_requests: int | None = -1  # -1: by the plan
    failed_calls_count: bool = True
    # Lists
    default_per_page: int = 200  # the OpenAPI file says 10
    list_delay_seconds: float = 0.0  # how long a new record is missing from lists
    ignored_filters: tuple[str, ...] = ()  # query parameters that lists do not know any more
    emptied_lists: tuple[str, ...] = ()  # lists by key that come empty, as if a right were lost without a word
    void_hidden: bool = False  # a list without filter_by leaves out what is void, as the chart does the inactive
    modified_since: str = "inclusive"  # inclusive | exclusive
    exact_filter_case: str = "insensitive"  # insensitive | sensitive
    contact_type_leaks: bool = False  # the filter also gives contacts of the other type
    automatic_rates: bool = False  # lists show exchange_rate 0 and no date
    account_alone: str = "flat"  # flat, as published | envelope, as every other record comes
    # Documents
    journal_approval: bool = False
    bill_approval: bool = False
    credit_approval: bool = False
    duplicate_contact_names: bool = True
    duplicate_bill_numbers: bool = False
    journal_tax: str = "drop"  # drop | keep; the Indian edition refuses it
    journal_reference_limit: int | None = None
    unique_journal_references: bool = False
    references_cut_at: int | None = None  # a longer reference number is cut without a word, in every module
    text_limit: int | None = 100  # descriptions of expenses, reference numbers of expenses and vendor credits
    negative_bill_lines: str = "refuse"  # refuse | accept
    unknown_custom_field: str = "drop"  # drop | refuse
    custom_field_values: str = "keep"  # keep | drop, without a word
    upsert_fills_field: bool = False  # a record made by an upsert whose body lacks the field gets it all the same
    upsert_create_status: int = 201
    delete_of_bill_payment: str = "unapply"  # unapply | delete, as its message says: the payment itself
    empty_bills_of_payment: str = "clear"  # clear | ignore, in an update of a payment that is applied
    refund_of_payment: str = "list"  # list, as published | object, as credits have it
    lock_includes_its_date: bool = True
    missing_location: str = "refuse"  # refuse | primary, for a document without one where locations are on
    mandatory_fields: str = "refuse"  # refuse | ignore
    locations_tell_all: bool = False  # whether their list tells which is primary and which inactive
    tags_tell_modules: bool = False  # whether the list of tags tells for which modules each is, as writing them does
    attachment_bytes: int = 10 * 1024 * 1024
    sales_tax: bool = True  # off: writing taxes is refused with 110817
    # Webhooks
    webhook_needs_workflow: bool = False  # on: fires only when a workflow rule names it
    webhook_http: str = "loopback"  # loopback (a local receiver has no certificate) | any
    webhook_retry_minutes: tuple[float, ...] = (1, 5, 15)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def change(self, **values: Any) -> dict[str, Any]:
        """Set some; an unknown name raises KeyError, so that a test cannot turn a switch that does nothing."""
        known = {one.name for one in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise KeyError(name)
            setattr(self, name, tuple(value) if isinstance(value, list) else value)
        return self.as_json()
