"""How does a vendor get into Dynamics once? Searched by our mark first: Dynamics gives the number and enforces nothing.

The mark stands in *Our account number*, which is not unique; names may be the same as often as one likes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, cast

from connectors.base import Outcome, OutcomeState, Outgoing
from connectors.documents import NewVendor
from connectors.dynamics365_fo.client import Query, chunks
from connectors.dynamics365_fo.desk import Desk, failed, refused
from connectors.dynamics365_fo.literals import one_of
from connectors.dynamics365_fo.multipart import Changeset
from connectors.dynamics365_fo.schema import VendorRow
from connectors.errors import (
    BlockedError,
    ConfigurationError,
    ConnectorError,
    OutcomeUnknownError,
    RateLimitedError,
    RetryableError,
)

NAME = 100  # characters
STAMPS = 20
_US_TAX_ID = re.compile(r"^\d{2}-?\d{7}$|^\d{3}-\d{2}-\d{4}$")


def find_vendors(desk: Desk, batch: Sequence[Outgoing]) -> dict[str, Outcome]:
    """Vendors by their marks; one call."""
    found = marked_vendors(desk, [one.stamp for one in batch])
    return {one.key: _outcome(desk, one, found.get(one.stamp, [])) for one in batch}


def marked_vendors(desk: Desk, stamps: Iterable[str]) -> dict[str, list[VendorRow]]:
    """Vendors that bear one of these marks."""
    kind = desk.books.vendor_set()
    questions = [Query(kind, desk.company, one_of("OurAccountNumber", some)) for some in chunks(stamps, STAMPS)]
    found: dict[str, list[VendorRow]] = {}
    for rows in desk.books.ask(questions) if questions else []:
        for row in rows:
            found.setdefault(row.our_account_number.lower(), []).append(row)
    return found


class VendorPoster:
    """Creates the vendors that are not there yet. Raises as the poster of journals does."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def post(self, batch: Sequence[Outgoing]) -> dict[str, Outcome]:
        """Three calls for any number of vendors: search, write, read back."""
        outcomes = find_vendors(self.desk, batch)
        fresh = [one for one in batch if outcomes[one.key].state is OutcomeState.ABSENT]
        if not fresh:
            return outcomes
        if not self.desk.client.settings.vendor_group:
            said = "No vendor group is chosen for new vendors: choose it in the connection's settings."
            error = refused(said, "missing_vendor_group", self.desk.company)
            return {**outcomes, **{one.key: failed(one, OutcomeState.REJECTED, error) for one in fresh}}
        entity_set = self.desk.books.vendor_set().entity_set
        changesets = [Changeset((self.desk.client.operation("POST", entity_set, self._body(one)),)) for one in fresh]
        try:
            answers = self.desk.client.write(changesets)
        except (RateLimitedError, BlockedError):
            raise
        except ConnectorError as error:
            state = OutcomeState.UNCERTAIN if isinstance(error, OutcomeUnknownError) else OutcomeState.NOT_SENT
            return {**outcomes, **{one.key: failed(one, state, error) for one in fresh}}
        done = []
        for one, some in zip(fresh, answers, strict=True):
            failure = self.desk.client.failure(some)
            if failure is None:
                done.append(one)
            else:
                outcomes[one.key] = _refused(one, failure)
        return {**outcomes, **self._read_back(done)}

    def _read_back(self, batch: Sequence[Outgoing]) -> dict[str, Outcome]:
        if not batch:
            return {}
        try:
            found = find_vendors(self.desk, batch)
        except ConnectorError as error:
            return {one.key: failed(one, OutcomeState.UNCERTAIN, error) for one in batch}
        unseen = RetryableError("Dynamics wrote the vendor and does not show it yet.", provider="Dynamics")
        return {
            one.key: failed(one, OutcomeState.UNCERTAIN, unseen)
            if found[one.key].state is OutcomeState.ABSENT
            else found[one.key]
            for one in batch
        }

    def _body(self, one: Outgoing) -> dict[str, Any]:
        vendor = cast(NewVendor, one.document)
        body: dict[str, Any] = {
            "dataAreaId": self.desk.company,
            "VendorGroupId": self.desk.client.settings.vendor_group,
            "CurrencyCode": self.desk.books.currency,
            "OurAccountNumber": one.stamp,
            "PrimaryEmailAddress": vendor.email,
            "PrimaryPhoneNumber": vendor.phone,
            "Tax1099FederalTaxId" if _US_TAX_ID.match(vendor.tax_id) else "OrganizationNumber": vendor.tax_id,
        }
        if vendor.is_employee:
            first, _, last = vendor.name.strip().rpartition(" ")
            body |= {"VendorPartyType": "Person", "PersonFirstName": first or last, "PersonLastName": last}
        else:
            body |= {"VendorPartyType": "Organization", "VendorOrganizationName": vendor.name[:NAME]}
        return {name: value for name, value in body.items() if value}


def _outcome(desk: Desk, one: Outgoing, rows: Sequence[VendorRow]) -> Outcome:
    if not rows:
        return Outcome(one.key, OutcomeState.ABSENT)
    ids = tuple(row.vendor_account_number for row in rows)
    if len(rows) > 1:
        return Outcome(one.key, OutcomeState.TWICE, ledger_id=ids[0], duplicates=ids)
    return Outcome(one.key, OutcomeState.POSTED, ledger_id=ids[0], number=ids[0], link=desk.link())


def _refused(one: Outgoing, error: ConnectorError) -> Outcome:
    if isinstance(error, OutcomeUnknownError):
        return failed(one, OutcomeState.UNCERTAIN, error)
    if isinstance(error, ConfigurationError | RetryableError):
        return failed(one, OutcomeState.NOT_SENT, error)
    return failed(one, OutcomeState.REJECTED, error)
