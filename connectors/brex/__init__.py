"""Brex: where spend records come from."""
