"""What can be done with a connection? One set of services for the admin, the commands and the floors above."""

from connectors.services.authorization import (
    authorization_finish,
    authorization_of,
    authorization_url,
    consents_warning,
    state_make,
    state_open,
)
from connectors.services.opening import connection_context, connection_ledger, connection_source, transport_register
from connectors.services.setup import (
    connection_archive,
    connection_check,
    connection_create,
    connection_switch,
    connection_update,
    credentials_check,
    credentials_replace,
    settings_check,
)
from connectors.services.states import (
    connection_break,
    connection_recover,
    identity_is_frozen,
    identity_use_register,
)
from connectors.services.verification import connection_keep_alive, connection_verify

__all__ = [
    "authorization_finish",
    "authorization_of",
    "authorization_url",
    "connection_archive",
    "connection_break",
    "connection_check",
    "connection_context",
    "connection_create",
    "connection_keep_alive",
    "connection_ledger",
    "connection_recover",
    "connection_source",
    "connection_switch",
    "connection_update",
    "connection_verify",
    "consents_warning",
    "credentials_check",
    "credentials_replace",
    "identity_is_frozen",
    "identity_use_register",
    "settings_check",
    "state_make",
    "state_open",
    "transport_register",
]
