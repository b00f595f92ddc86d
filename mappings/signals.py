"""How do the floors above hear that a mapping changed? A hint on commit; a look at the rows finds the same."""

from __future__ import annotations

from django.dispatch import Signal

rules_changed = Signal()
"""Sent after the commit with `tenant_id`, `flow_ids` (whose `rules_version` went up), `what` (`rules`, `roles`,
`owners`, `references` or `flow`) and `targets` (rule targets, when rules changed). Sender: the Flow class."""
