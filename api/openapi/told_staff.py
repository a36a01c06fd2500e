"""What the operations tell of staff."""

from api.answers import bookings as b
from api.answers import customers as c
from api.answers import desk as d
from api.answers import staff as s
from api.openapi.refused_codes import CHANGING
from api.openapi.told import AFTER, ETAG, KEY, MATCH, Told

DOORS = {
    "POST /api/staff/auth/login/": Told(s.StaffSession, ("unauthenticated", "second_factor_required")),
    "POST /api/staff/auth/logout/": Told(c.Nothing),
    "GET /api/staff/auth/user/": Told(s.StaffLoggedIn),
    "GET /api/staff/csrf-token/": Told(c.CsrfToken),
    "POST /api/staff/auth/second-factor/": Told(s.AuthenticatorSetup, ("not_allowed", "invalid_transition")),
    "POST /api/staff/auth/second-factor/confirm/": Told(s.SecondFactor, ("not_allowed", "invalid_transition"), (KEY,)),
    "POST /api/staff/auth/second-factor/remove/": Told(s.SecondFactor, ("not_allowed", "invalid_transition"), (KEY,)),
}
DESK = {
    "GET /api/staff/dashboard/": Told(s.Dashboard, (), (AFTER,)),
    "GET /api/staff/bookings/": Told(d.DeskBookingPage, ("invalid_value",), (AFTER,)),
    "GET /api/staff/exports/bookings.csv": Told("text/csv", (), (AFTER,), ("Content-Disposition",)),
    "GET /api/staff/bookings/{id}/events/": Told(b.BookingEvents),
    "GET /api/staff/bookings/{id}/as-of/": Told(d.DeskBookingThen, ("missing_field", "unexpected_field")),
    "GET /api/staff/bookings/{id}/": Told(d.DeskBookingShown, (), (AFTER,), (ETAG,)),
    "PATCH /api/staff/bookings/{id}/": Told(d.DeskBookingWritten, CHANGING, (KEY,), (ETAG,)),
    "DELETE /api/staff/bookings/{id}/": Told(d.PutAway, ("invalid_transition",), (KEY, MATCH)),
    "POST /api/staff/bookings/{id}/reschedule/": Told(d.DeskBookingWritten, CHANGING, (KEY, MATCH), (ETAG,)),
    "POST /api/staff/bookings/{id}/cancel/": Told(
        d.DeskBookingCancelled,
        ("invalid_transition", "refund_exceeds_payment", "payment_not_refundable"),
        (KEY, MATCH),
        (ETAG,),
    ),
    "GET /api/staff/customers/": Told(s.CustomerPage, ("invalid_value",), (AFTER,)),
    "GET /api/staff/customers/{id}/": Told(s.CustomerShown, (), (AFTER,), (ETAG,)),
    "PATCH /api/staff/customers/{id}/notes/": Told(s.NotesWritten, (), (KEY, AFTER), (ETAG,)),
    "POST /api/staff/customers/{id}/forget/": Told(s.Forgotten, ("not_allowed",), (KEY, AFTER)),
}
AUDIT = {
    "GET /api/staff/audit/": Told(s.AuditPage, (), (AFTER,)),
    "GET /api/staff/audit/verify/": Told(s.AuditVerified),
}
TOLD = DOORS | DESK | AUDIT
