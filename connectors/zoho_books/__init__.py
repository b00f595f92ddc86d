"""Zoho Books v3, as a ledger."""
