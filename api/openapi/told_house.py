"""What operations tell by which staff keep the house: catalogue, capacity, settings, accounts, money, read models."""

from api.answers import house as h
from api.answers import machines as m
from api.answers import money as y
from api.openapi.refused_codes import WHERE, WHO
from api.openapi.told import AFTER, ETAG, KEY, MATCH, Told

CODES = {"blade-airports": WHERE}


def _catalogue(kind: str) -> dict[str, Told]:
    listed, shown, written = h.SHAPES[kind]
    own, where = CODES.get(kind, ()), f"/api/staff/catalog/{kind}/"
    return {
        f"GET {where}": Told(listed, (), (), (ETAG,)),
        f"POST {where}": Told(written, ("already_offered", *own), (KEY, MATCH), (ETAG,)),
        f"GET {where}{{id}}/": Told(shown, (), (), (ETAG,)),
        f"PATCH {where}{{id}}/": Told(written, own, (KEY,), (ETAG,)),
    }


CATALOGUE = {
    "GET /api/staff/catalog/": Told(h.WholeCatalogue, (), (), (ETAG,)),
    **{where: told for kind in h.ENTRIES for where, told in _catalogue(kind).items()},
}
CAPACITY = {
    "GET /api/staff/capacity/": Told(h.Capacity, (), (AFTER,)),
    "GET /api/staff/capacity/{date}/": Told(h.CapacityOfDay, (), (), (ETAG,)),
    "PATCH /api/staff/capacity/{date}/": Told(h.CapacityWritten, (), (KEY,), (ETAG,)),
    "POST /api/staff/capacity/limits/": Told(h.CapacityWritten, (), (KEY, MATCH), (ETAG,)),
    "GET /api/staff/capacity/blackouts/": Told(h.ClosedDays, (), (AFTER,)),
    "POST /api/staff/capacity/blackouts/": Told(h.CapacityWritten, (), (KEY, MATCH), (ETAG,)),
    "DELETE /api/staff/capacity/blackouts/{date}/": Told(h.CapacityWritten, (), (KEY, MATCH), (ETAG,)),
}
SETTINGS = {
    "GET /api/staff/settings/": Told(h.SettingsShown, (), (), (ETAG,)),
    "PATCH /api/staff/settings/": Told(h.SettingsWritten, (), (KEY,), (ETAG,)),
}
ACCOUNTS = {
    "GET /api/staff/accounts/": Told(m.StaffAccounts),
    "POST /api/staff/accounts/": Told(m.StaffAccountWritten, (*WHO, "email_taken", "weak_password"), (KEY,), (ETAG,)),
    "GET /api/staff/accounts/{id}/": Told(m.StaffAccountShown, (), (), (ETAG,)),
    "PATCH /api/staff/accounts/{id}/": Told(
        m.StaffAccountWritten, ("invalid_phone", "weak_password", "last_admin", "not_allowed"), (KEY,), (ETAG,)
    ),
}
READ_MODELS = {
    "GET /api/staff/projections/": Told(m.ReadModels),
    "GET /api/staff/parked-events/": Told(m.ParkedKeys),
    "POST /api/staff/parked-events/{id}/retry/": Told(m.Wanted, (), (KEY,)),
    "POST /api/staff/parked-events/{id}/skip/": Told(m.Wanted, (), (KEY,)),
    "GET /api/staff/work/": Told(m.WaitingWork),
    "POST /api/staff/work/{id}/retry/": Told(m.PutBack, (), (KEY,)),
}
MONEY = {
    "GET /api/payments/payments/": Told(y.PaymentPage, (), (AFTER,)),
    "GET /api/payments/payments/{id}/events/": Told(y.PaymentEvents),
    "GET /api/payments/refunds/": Told(y.RefundPage, (), (AFTER,)),
    "POST /api/payments/refunds/create/": Told(
        y.RefundWritten, ("not_found", "payment_not_refundable", "refund_exceeds_payment"), (KEY,)
    ),
    "POST /api/payments/refunds/process/": Told(
        y.RefundWritten, ("not_found", "needs_second_person", "invalid_transition", "refund_exceeds_payment",
                          "payment_not_refundable"), (KEY,)
    ),
}  # fmt: skip
TOLD = CATALOGUE | CAPACITY | SETTINGS | ACCOUNTS | READ_MODELS | MONEY
