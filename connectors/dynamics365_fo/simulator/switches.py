"""Which behaviour of the service is nobody sure of, and what does the simulator do until told otherwise?

Microsoft's documentation and public captures leave each of these open, or they vary by set-up and version. A client may
depend on none of them; tests turn them one by one.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any


@dataclass(slots=True)
class Switches:
    """Open choices by name; changed by assignment or by the control action `set`."""

    # Tokens
    token_seconds: int | None = None  # None: 60 to 90 minutes at random, as Entra does by default
    unauthorised_status: int = 401  # 403: with {"Message":"Forbidden"}, as older platforms
    # Errors
    write_error_status: int = 400  # 500 was recorded in 2019-2020, 400 in 2026
    language: str = "en-us"  # of the mapped user; de gives German texts
    missing_record_body: str = "error"  # error | empty | message: the body of 404 for a key that is not there
    etag_mismatch_status: int = 412  # 409 by one weak report
    throttled_body: str = "envelope"  # envelope | text | none
    retry_after_seconds: int | None = 30  # of arranged 429s; None sends no header
    retry_after_grows: bool = False  # each arranged 429 asks for twice the time of the one before
    # Service protection; environments of 10.0.36 and later have only the resource-based kind
    requests_per_window: int | None = None  # 6,000 in 300 seconds per user and application in old environments
    window_seconds: int = 300
    concurrent_requests: int | None = None  # 52 in old environments
    throttle_every: int | None = None  # resource-based: each n-th request is refused
    # Reading
    page_size: int = 10_000
    maxpagesize_honoured: bool = True
    filter_functions: bool = False  # contains, startswith and endswith are not in the documented list
    day_shift_hours: int = -8  # the zone by which a sent moment becomes a day; noon survives every zone
    # Writing
    overlong: str = "refuse"  # refuse | cut
    line_conflict_probability: float = 1.0  # of two overlapping line inserts under one header, the later one
    line_conflict_rate: float = 0.0  # of any line insert
    voucher_until_balanced: bool = True  # whether "in connection with balance" holds for lines that come by OData
    both_amounts: str = "refuse"  # refuse | accept: a line with debit and credit
    totals_include_offsets: bool = False  # whether a line with its own offset counts on both sides of the header
    header_reference: str = "keep"  # keep | replace: what the server does with a sent HeaderReference
    integration_key: str = "keep"  # keep | drop: what becomes of one that is sent
    integration_key_length: int = 60
    integration_key_unique: bool = False
    negative_amounts: str = "accept"  # accept | refuse, where the journal name says nothing
    no_amount: str = "accept"  # accept | refuse: a line with neither debit nor credit
    item_sales_tax: str = ""  # the item sales tax group that main accounts bring along into lines of pending invoices
    empty_is_set: bool = True  # whether a field that is sent empty keeps a default away
    vendor_required: list[str] = field(default_factory=list)  # further fields that a vendor must have
    unset_enums_are_null: bool = False  # null was seen where a member is expected
    return_representation: bool = False  # whether a change answers the record to those who prefer it
    rate_scale: int = 100  # what a rate of one reads in journal lines: 100, or 1
    marked_invoice_check: str = "insert"  # insert | none: a payment line that marks what is not open
    # Batch
    batch_operations: int = 5_000
    failed_content_id: str = "first"  # first | right | none: Content-ID of the single part of a failed changeset
    throttle_parts: int = 0  # so many of the next parts outside changesets are answered 429
    # Dimensions
    backslash_escapes_itself: bool = False
    plain_delimiter_in_account: bool = False  # whether US-101 is understood where US\-101 is meant
    value_check: str = "insert"  # insert | posting: unknown or suspended main account or dimension value
    structure_check: str = "posting"  # insert | posting: a combination that the account structure forbids
    manual_entry_check: str = "posting"  # insert | posting: an account that allows no manual entry
    dimension_actions: bool = True  # getSetDisplayValue and getCombinationDisplayValue exist
    # Posting
    duplicate_invoice_check: str = "posting"  # insert | posting | none: a vendor's invoice number used twice
    sales_tax_percent: str = "10"  # of lines of pending invoices that bear both tax groups; EXEMPT is nothing
    penny_difference: str = "0.05"  # what a voucher may be off in accounting currency; posted to its own account
    post_after_calls: int | None = None  # the posting job runs by itself after so many requests …
    post_every_seconds: float | None = None  # … or after so much time, in a served environment
    job_journal_names: list[str] = field(default_factory=list)  # empty: all
    job_posts_invoices: bool = False  # pending vendor invoices too
    pending_invoice_vanishes: bool = True  # once posted
    automatic_settlement: bool = False  # posted payments settle the vendor's oldest open invoices
    # What the environment lacks: sets by name, fields as Set.Field
    missing_sets: list[str] = field(default_factory=list)
    missing_fields: list[str] = field(default_factory=list)
    # Speed
    first_call_seconds: float = 0.0  # the first call after a restart builds the metadata cache
    seconds_per_write: float = 0.0

    def change(self, values: dict[str, Any]) -> dict[str, Any]:
        """Set several by name; KeyError names one that does not exist. Returns all."""
        known = {one.name for one in fields(self)}
        for name in values:
            if name not in known:
                raise KeyError(name)
        for name, value in values.items():
            setattr(self, name, value)
        return self.as_json()

    def as_json(self) -> dict[str, Any]:
        return asdict(self)
