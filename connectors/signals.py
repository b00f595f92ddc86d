"""What do the floors above hear? Hints only; whoever misses one finds the same by looking at the rows."""

from django.dispatch import Signal

connection_changed = Signal()
"""A connection's state, credentials or settings changed. Sent on commit with `connection_id`."""
