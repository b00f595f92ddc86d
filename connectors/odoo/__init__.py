"""Odoo as a ledger: JSON-2 from version 19, XML-RPC before."""
