"""Whose data is it, and with which keys do we reach the vendors?"""

from connectors.models.connections import Connection, ConnectionState, Credential, Token
from connectors.models.tenants import Membership, Role, Tenant

__all__ = ["Connection", "ConnectionState", "Credential", "Membership", "Role", "Tenant", "Token"]
