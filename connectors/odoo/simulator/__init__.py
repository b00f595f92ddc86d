"""Odoo 19.0 in memory, for tests, the demo and a customer's rehearsal."""

from .simulator import OdooSimulator

__all__ = ["OdooSimulator"]
