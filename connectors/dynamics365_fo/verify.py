"""Is everything in Dynamics as the flows need it? A checklist that writes nothing and names where each is mended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from connectors.base import Check
from connectors.codec import json_load
from connectors.dynamics365_fo.client import DynamicsClient, Query
from connectors.dynamics365_fo.schema import CompanyRow
from connectors.dynamics365_fo.screens import ROLES
from connectors.dynamics365_fo.verify_company import verify_company
from connectors.errors import AuthenticationError, ConnectorError

COMPANIES_CHECKED = 10
WARN_BEFORE = timedelta(days=30)
APPLICATIONS = "System administration > Setup > Microsoft Entra applications"
USERS = "System administration > Users > Users"
SECRETS = "App registrations > Certificates & secrets"


def verify_connection(client: DynamicsClient) -> list[Check]:
    """All checks that can be made; one that cannot be is failed, and what depends on it is left out."""
    checks: list[Check] = []
    for name, part, is_needed in (
        ("token", _token, True),
        ("application", _application, True),
        ("mapped user", _default_company, False),
        ("companies", _companies, False),
    ):
        try:
            checks += part(client)
        except ConnectorError as error:
            checks.append(Check(name, "failed", error.message, _cure(client, name, error)))
            if is_needed:
                break
    return checks


def _cure(client: DynamicsClient, name: str, error: ConnectorError) -> str:
    """Where it is mended. That an audience is refused cannot be told from an application that is not listed."""
    is_refused = isinstance(error, AuthenticationError)
    if name == "token":
        where = f"{SECRETS} of the application" if is_refused else "the tenant's id and the connection's address"
        return f"In Entra, see {where}."
    if is_refused:
        return (
            f"Open {APPLICATIONS}; and {client.address}, which the token is for, must be the environment's own address."
        )
    return f"Give the mapped user's security role the privilege under {ROLES}." if error.status == 403 else ""


def _token(client: DynamicsClient) -> Iterator[Check]:
    token = client.auth.token()
    minutes = max(0, int((token.expires_at - client.http.context.now()).total_seconds() // 60))
    yield Check("token", "ok", f"Entra gives tokens for {client.address}; this one lives {minutes} minutes more.")
    ends_on = client.credentials.secret_expires_on
    if ends_on is None:
        yield Check("client secret", "ok", "No end of the client secret is known.", "Enter it as Entra shows it.")
        return
    left = ends_on - client.http.context.now().date()
    state = "failed" if left <= timedelta() else "warning" if left <= WARN_BEFORE else "ok"
    cure = "" if state == "ok" else f"Make a new secret in Entra, under {SECRETS}."
    yield Check("client secret", state, f"The client secret ends on {ends_on}.", cure)


def _application(client: DynamicsClient) -> Iterator[Check]:
    client.wake(Query(CompanyRow, top=1))
    yield Check("application", "ok", "Dynamics knows the application and takes its tokens.")


def _default_company(client: DynamicsClient) -> Iterator[Check]:
    """The one question without `cross-company`: its answer holds the default company of the mapped user alone."""
    answer = client.http.get("data/JournalNames?$select=dataAreaId,Name&$top=1")
    rows = json_load(answer.text).get("value", [])
    told = str(rows[0].get("dataAreaId", "")) if rows else ""
    if told:
        yield Check("mapped user", "ok", f"The mapped user's default company is {told}; every call names its own.")
    else:
        cure = f"Give the user a company under {USERS}, or the company a journal name."
        yield Check("mapped user", "warning", "The mapped user's default company shows no journal names.", cure)


def _companies(client: DynamicsClient) -> Iterator[Check]:
    companies = [row.data_area.lower() for row in client.rows(Query(CompanyRow))]
    if not companies:
        cure = f"Give the mapped user's security role companies under {USERS}."
        yield Check("companies", "failed", "The mapped user may not see any company.", cure)
    for company in companies[:COMPANIES_CHECKED]:
        try:
            yield from verify_company(client, company)
        except ConnectorError as error:
            yield Check("company", "warning", f"{company}: {error.message}", f"See {USERS}.")
    if len(companies) > COMPANIES_CHECKED:
        left = len(companies) - COMPANIES_CHECKED
        yield Check("companies", "ok", f"{left} more companies were not looked into.")
