"""Which behaviour of Brex is nobody sure of, and what does the simulator do until told otherwise?

Every attribute is a choice that the published documentation leaves open, or a fact of the simulated account. The
client may depend on none of them; tests turn them one by one.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(slots=True)
class Switches:
    """Open choices and account facts, by name; changed by assignment or by the control action `set`."""

    # Credentials
    rejected_token_status: int = 403  # 403 "Invalid or Revoked Token" was observed; the error page documents 401
    auth_errors_in_general_shape: bool = False  # also on /v3/accounting, as if a gateway answered
    user_token_idle_days: int = 90
    access_token_seconds: int = 3600
    refresh_token_days: int = 90
    refresh_token_slides: bool = True  # whether a use begins the days anew
    refresh_rotation: str = "off"  # off | strict (old one dies) | grace (old one lives `rotation_grace_seconds`)
    rotation_grace_seconds: int = 60
    token_answers_have_expires_in: bool = True
    # Limits, per client and account; None switches one off
    requests_per_minute: int | None = 1000
    transfers_per_day: int | None = 1000
    international_wires_per_day: int | None = 100
    retry_after_on_429: int | None = None
    # Conventions
    idempotent_duplicate: str = "replay"  # replay | conflict
    idempotent_other_body: str = "refuse"  # refuse | replay | execute
    idempotency_retention_seconds: int = 86_400
    idempotency_key_enforced: bool = True
    ascii_only: bool = True
    default_limit: int = 100
    bad_cursor_status: int = 400
    cursor_bound_to_filters: bool = True
    # Accounting
    accounting_granted: bool = True
    integration_id_names: str = "both"  # both | id | integration_id
    integration_vendors: tuple[str, ...] = ()  # empty: any vendor identifier is taken
    bill_with_review_status: str = "refuse"  # refuse | ignore
    unknown_ids: str = "absent"  # absent | not_found
    list_order: str = "ascending"  # ascending | descending, by updated_at then id
    total_count: bool = True
    failure_status: str = "REVIEW"
    export_touches_expense: bool = True
    max_export_results: int = 500
    export_of_bills: bool = True
    webhook_for_bills: bool = False
    # Spend and reference data
    has_business_account: bool = True
    posted_at_start_compares: str = "date"  # date | instant (midnight UTC of the posting day)
    refund_sign: int = -1
    duplicate_vendor_status: int = 400
    vendor_name_matches: str = "substring"  # substring | exact | prefix
    duplicate_remote_id: str = "refuse"  # refuse | accept
    new_transfer_status: str = "PROCESSING"  # or SCHEDULED; MANUAL approval always starts PENDING_APPROVAL
    receipt_link_seconds: int = 900
    upload_link_seconds: int = 1800
    # Webhooks
    webhook_http: str = "loopback"  # never (as Brex) | loopback (a local receiver has no certificate) | any
    webhook_headers: str = "webhook"  # webhook | svix | both
    secret_prefix: bool = True
    secret_overlap_hours: float = 24.0
    webhook_batch: int = 100

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
