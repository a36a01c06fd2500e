"""What the operations tell of customers with an account."""

from api.answers import bookings as b
from api.answers import customers as c
from api.answers.held import Held
from api.openapi.refused_codes import CHANGING, PLACING, WHERE, WHO
from api.openapi.told import AFTER, ETAG, KEY, MATCH, Told

DOORS = {
    "POST /api/customer/auth/register/": Told(c.Detail, ("weak_password", *WHO)),
    "POST /api/customer/auth/login/": Told(c.CustomerSession, ("unauthenticated",)),
    "POST /api/customer/auth/logout/": Told(c.Nothing),
    "GET /api/customer/auth/user/": Told(c.CustomerLoggedIn),
    "GET /api/customer/csrf-token/": Told(c.CsrfToken),
    "POST /api/customer/auth/password-reset/": Told(c.Detail, ("invalid_email",)),
    "POST /api/customer/auth/password-reset/confirm/": Told(c.Written, ("invalid_token", "weak_password"), (KEY,)),
    "POST /api/customer/auth/verify-email/": Told(c.MailVerified, ("invalid_token",), (KEY,)),
    "POST /api/customer/auth/resend-verification/": Told(c.Detail, ("unauthenticated", "invalid_email")),
}
PROFILE = {
    "GET /api/customer/profile/": Told(c.ProfileShown, (), (AFTER,), (ETAG,)),
    "PATCH /api/customer/profile/": Told(c.ProfileWritten, WHO, (KEY,), (ETAG,)),
    "GET /api/customer/preferences/": Told(c.PreferencesShown, (), (AFTER,), (ETAG,)),
    "PATCH /api/customer/preferences/": Told(c.PreferencesWritten, (), (KEY,), (ETAG,)),
    "GET /api/customer/dashboard/": Told(c.Overview, (), (AFTER,), (ETAG,)),
    "GET /api/customer/history/": Told(c.History, (), (AFTER,)),
    "GET /api/customer/export/": Told(Held, ("not_found",), (AFTER,), ("Content-Disposition",)),
    "DELETE /api/customer/account/": Told(c.Written, ("not_found",), (KEY, MATCH)),
}
NICKNAME = ("nickname_taken",)
ADDRESSES = {
    "GET /api/customer/addresses/": Told(c.Addresses, (), (AFTER,), (ETAG,)),
    "POST /api/customer/addresses/": Told(c.AddressWritten, (*WHERE, *NICKNAME, "too_many_addresses"), (KEY,), (ETAG,)),
    "GET /api/customer/addresses/{id}/": Told(c.AddressShown, (), (AFTER,), (ETAG,)),
    "PUT /api/customer/addresses/{id}/": Told(c.AddressWritten, (*WHERE, *NICKNAME), (KEY,), (ETAG,)),
    "DELETE /api/customer/addresses/{id}/": Told(c.Written, (), (KEY, MATCH)),
}
METHODS = {
    "GET /api/customer/payment-methods/": Told(c.PaymentMethods, (), (), (ETAG,)),
    "POST /api/customer/payment-methods/": Told(c.PaymentMethodWritten, ("too_many_items",), (KEY,), (ETAG,)),
    "PATCH /api/customer/payment-methods/{id}/": Told(c.PaymentMethodWritten, (), (KEY,), (ETAG,)),
    "DELETE /api/customer/payment-methods/{id}/": Told(c.Written, (), (KEY, MATCH)),
}
BOOKINGS = {
    "POST /api/customer/bookings/create/": Told(b.NewBooking, (*PLACING, "not_found"), (KEY,)),
    "GET /api/customer/bookings/": Told(b.BookingPage, (), (AFTER,)),
    "GET /api/customer/bookings/{id}/": Told(b.BookingWithPayment, (), (), (ETAG,)),
    "PATCH /api/customer/bookings/{id}/": Told(b.ChangedBooking, CHANGING, (KEY,), (ETAG,)),
    "POST /api/customer/bookings/{id}/rebook/": Told(b.NewBooking, (*PLACING, "unexpected_field"), (KEY, MATCH)),
    "GET /api/customer/bookings/{id}/timeline/": Told(c.Timeline, (), (AFTER,)),
    "POST /api/customer/bookings/{id}/cancel/": Told(
        b.WrittenBooking, ("invalid_transition", "not_allowed"), (KEY, MATCH), (ETAG,)
    ),
}
TOLD = DOORS | PROFILE | ADDRESSES | METHODS | BOOKINGS
