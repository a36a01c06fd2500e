"""What cannot wait, as the dashboard tells it: pickups near or late, and money that somebody has to look at."""

from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

MOST = 100
# The first of each kind are enough, however many wait. Money waits also where the booking was put away.
FIRST = "order by since, booking_number limit %(most)s"
# What has happened and asks for nothing more, or may be settled in another way by now, is shown for some time.
URGENT = f"""
    select reason, booking_id, booking_number, status, service_type, pickup_date, pickup_time, since from (
        (select 'delayed' as reason, bookings.*, pickup_at as since from bookings
         where status = 'delayed' and not is_deleted {FIRST})
        union all
        (select 'unpaid', bookings.*, pickup_at as since from bookings
         where status in ('pending', 'confirmed') and not is_deleted and pickup_at <= %(now)s + interval '24 hours'
         {FIRST})
        union all
        (select 'dispute', bookings.*, disputed_at as since from bookings where disputed_at is not null {FIRST})
        union all
        (select 'refund_waiting', bookings.*, requested_at as since from bookings join refunds using (booking_id)
         where refunds.status = 'requested' and requested_at <= %(now)s - interval '24 hours'
         {FIRST})
        union all
        (select 'refund_failed', bookings.*, failed_at as since from bookings join refunds using (booking_id)
         where failed_at > %(now)s - interval '30 days'
         {FIRST})
        union all
        (select 'refund_at_stripe', bookings.*, requested_at as since from bookings join refunds using (booking_id)
         where is_foreign and requested_at > %(now)s - interval '7 days'
         {FIRST})) urgent
    order by since, booking_number, reason limit %(most)s"""


def urgent(db: Connection, now: datetime) -> list[dict[str, Any]]:
    """The most pressing first. `reason` is one of:

    `unpaid` (pickup within a day), `delayed`, `dispute` (open), `refund_waiting` (for over a day), `refund_failed`
    (not tried again, for 30 days), `refund_at_stripe` (begun by a person at Stripe, for 7 days).
    """
    return db.cursor(row_factory=dict_row).execute(URGENT, {"now": now, "most": MOST}).fetchall()
