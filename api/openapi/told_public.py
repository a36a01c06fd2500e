"""What the operations tell that need no account: catalogue, prices, the calendar, guests' bookings, payments."""

from api.answers import bookings as b
from api.answers import catalogue as c
from api.answers import machines as m
from api.answers.customers import Detail
from api.openapi.refused_codes import CHANGING, PLACING, PRICING, WHO
from api.openapi.told import AFTER, ETAG, KEY, MATCH, NONE_MATCH, SIGNATURE, TOKEN, Told

PAYING = ("not_found", "invalid_transition")
NO_TOKEN = ("unauthenticated",)
KEPT = (ETAG, "Cache-Control")

CATALOGUE = {
    "GET /api/public/services/": Told(c.Services, (), (NONE_MATCH,), KEPT),
    "GET /api/public/services/mini-moves-with-organizing/": Told(c.Packages, (), (NONE_MATCH,), KEPT),
    "GET /api/public/services/organizing-by-tier/": Told(c.Tiers, (), (NONE_MATCH,), KEPT),
    "GET /api/public/services/organizing/{id}/": Told(c.OrganizingService, (), (NONE_MATCH,), KEPT),
}
GUESTS = {
    "GET /api/public/bookings/{booking_number}/": Told(b.BookingWithPayment, NO_TOKEN, (TOKEN,), (ETAG,)),
    "PATCH /api/public/bookings/{booking_number}/": Told(
        b.ChangedBooking, (*CHANGING, *NO_TOKEN), (TOKEN, KEY), (ETAG,)
    ),
    "POST /api/public/bookings/{booking_number}/cancel/": Told(
        b.WrittenBooking, ("invalid_transition", "not_allowed", *NO_TOKEN), (TOKEN, KEY, MATCH), (ETAG,)
    ),
    "POST /api/public/booking-link/": Told(Detail),
}
PUBLIC = {
    "POST /api/public/pricing-preview/": Told(b.Quote, PRICING),
    "POST /api/public/guest-booking/": Told(b.NewBooking, (*PLACING, *WHO), (KEY,)),
    "GET /api/public/booking-status/{booking_number}/": Told(b.BookingStatus, (), (TOKEN,)),
    "GET /api/public/calendar/availability/": Told(c.Calendar, ("invalid_value",), (AFTER,)),
    "POST /api/public/validate-zip/": Told(c.Place, ("zip_unknown",)),
}
PAYMENTS = {
    "POST /api/payments/create-intent/": Told(b.Intent, (*PAYING, "payment_failed"), (KEY, TOKEN)),
    "GET /api/payments/status/{booking_number}/": Told(b.PaymentOfBooking, (), (TOKEN,)),
    "POST /api/payments/confirm/": Told(b.Confirmed, PAYING, (KEY, TOKEN)),
    "POST /api/payments/mock-confirm/": Told(b.Confirmed, (*PAYING, "payment_failed"), (KEY, TOKEN)),
    "POST /api/payments/webhook/": Told(b.Received, ("wrong_mode",), (SIGNATURE,), reads=b.StripeEvent),
}
SYSTEM = {
    "GET /healthz": Told(m.Alive),
    "GET /readyz": Told(m.Ready),
    "GET /metrics": Told("text/plain"),
    "GET /openapi.json": Told(m.Reference),
    "GET /docs": Told("text/html"),
    "GET /dev/inbox": Told("text/html"),
    "GET /dev/inbox/": Told("text/html"),
    "GET /dev/inbox/letters/": Told(m.Letters),
}
TOLD = CATALOGUE | PUBLIC | GUESTS | PAYMENTS | SYSTEM
