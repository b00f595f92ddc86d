"""Which documents of a batch may have left the house when its worker died? Those that were marked before their send.

A ledger that sends one by one (`marks_each`) has each document marked before its first byte: the mark is committed
first, and only by who still holds the lane. What is `sending` without a mark was surely never sent, so it is sent as if
for the first time; between mark and send a death leaves one document of which only the ledger knows."""

from __future__ import annotations

from django.db import connection as database

from audit.sync.lanes import Lease, LeaseLostError

MARK = """
UPDATE audit_posting posting SET sent_at = clock_timestamp()
  FROM audit_lane lane
 WHERE posting.ledger_id = lane.connection_id AND posting.stamp = %(stamp)s AND posting.state = 'sending'
   AND lane.id = %(lane)s AND lane.token = %(token)s AND lane.lease_until > clock_timestamp()
"""


def posting_leaves(lease: Lease, stamp: str) -> None:
    """Commit that a document may leave from now on. Raises LeaseLostError where the lane is another's by now."""
    with database.cursor() as cursor:
        cursor.execute(MARK, {"stamp": stamp, "lane": lease.lane_id, "token": lease.token})
        if cursor.rowcount != 1:
            raise LeaseLostError(f"The lease on lane {lease.lane_id} was lost before {stamp} was sent.")
