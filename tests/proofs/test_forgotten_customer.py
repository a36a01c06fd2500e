"""A customer with fifty bookings is forgotten: what was personal of them is nowhere, and the books are as before."""

import pytest

from eventlog.feed import topic_name
from projections import customers, history
from projections.rebuilding import Site, rebuild
from projections.verify import verify
from tests.api.house import booking, in_days, open_house
from tests.integrations.conftest import own_sandbox, shop  # noqa: F401 - fixtures
from tests.proofs.canaries import opened_log, places_of, tables, topic
from tests.proofs.test_forgotten import is_level, platform, totals
from tests.waiting import until

FIELDS = ("first", "last", "mail", "street", "flat", "entrance", "beach", "instructions", "farewell", "given", "family",
          "nick", "home", "note", "new")  # fmt: skip
ADA, EVE = ("ada", "2125550187"), ("eve", "2125550143")
ERASED = "select count(*) from eventlog.destroyed_keys where erased_at is null"
HELD = {"bookings", "history", "history_old", "customers", "customers_old", "audit", "api", "log"}
KEYS = "select key_id, person_id, wrapped, master_id from eventlog.person_keys where person_id = any(%s)"
BACK = "insert into eventlog.person_keys (key_id, person_id, wrapped, master_id) values (%s, %s, %s, %s)"


class Life:
    """Somebody who books as a guest, then opens an account and books with it, while staff write about them."""

    def __init__(self, house, who, staff):
        self.house, self.staff = house, staff
        self.name, self.phone = who
        self.mail = f"{self.word('mail')}@example.com"
        self.keys = 0

    def word(self, field):
        return f"Canary{field}{self.name}"

    @property
    def words(self):
        """What is personal of them: a word that occurs nowhere else for each field, and their phone."""
        return {self.word(field).lower() for field in FIELDS} | {self.phone}

    def live(self, bookings):
        half = bookings // 2
        guest = [self.book("/api/public/guest-booking/", {}, 10 + n, self.as_guest()) for n in range(half)]
        self.account = self.house.customer(self.mail.lower())
        me = self.account.headers
        names = {"first_name": self.word("given"), "last_name": self.word("family"), "phone": self.phone}
        moved = {"email": f"{self.word('new')}@example.com"}
        self.send("PATCH", "/api/customer/profile/", names | moved, me | {"If-Match": '"2"'})
        home = self.send("POST", "/api/customer/addresses/", self.door("home") | {"nickname": self.word("nick")}, me)
        saved = {"customer_info": None, "pickup_address": None, "pickup_address_id": home["address"]["id"]}
        create = "/api/customer/bookings/create/"
        own = [self.book(create, me, 10 + half + n, saved) for n in range(bookings - half)]
        self.pay(guest[0], {})
        self.pay(own[0], me)
        gone = f"/api/customer/bookings/{own[1]['booking']['id']}/cancel/"
        self.send("POST", gone, {"reason": self.word("farewell")}, me)
        self.send("POST", "/api/customer/auth/password-reset/", {"email": self.mail}, {})

    def as_guest(self):
        return {"customer_info": {"first_name": self.word("first"), "last_name": self.word("last"), "email": self.mail,
                                  "phone": self.phone}}  # fmt: skip

    def door(self, street):
        return {"address_line_1": f"1 {self.word(street)}", "address_line_2": self.word("flat"), "city": "New York",
                "state": "NY", "zip_code": "10013", "delivery_instructions": self.word("entrance")}  # fmt: skip

    def book(self, path, headers, day, changed):
        there = {"address_line_1": f"2 {self.word('beach')}", "city": "Southampton", "state": "NY", "zip_code": "11968"}
        wish = {"pickup_address": self.door("street"), "delivery_address": there, "pickup_date": in_days(day),
                "special_instructions": self.word("instructions")}  # fmt: skip
        return self.send("POST", path, booking(**(wish | changed)), headers)

    def pay(self, made, headers):
        asked = {
            "payment_intent_id": made["payment"]["stripe_payment_intent_id"],
            "booking_number": made["booking"]["booking_number"],
        }
        assert self.send("POST", "/api/payments/mock-confirm/", asked, headers)["payment"]["status"] == "succeeded"

    def watched(self):
        """By staff, who search for them, look at them and note something."""
        [found] = self.look("/api/staff/customers/", search=self.word("given"))["customers"]
        assert found["id"] == str(self.account.id)
        shown = self.look(f"/api/staff/customers/{found['id']}/", limit=100)
        etag = self.house.http.get(f"/api/staff/customers/{found['id']}/", headers=self.staff).headers["etag"]
        noted = {"notes": self.word("note"), "is_vip": True}
        self.send("PATCH", f"/api/staff/customers/{found['id']}/notes/", noted, self.staff | {"If-Match": etag})
        return shown

    def look(self, path, **asked):
        answer = self.house.http.get(path, params=asked, headers=self.staff)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def send(self, method, path, body, headers):
        self.keys += 1
        keyed = headers | {"Idempotency-Key": f"{self.name}-{self.keys}"}
        answer = self.house.http.request(method, path, json=body, headers=keyed)
        assert answer.status_code < 300, answer.text
        return answer.json()


@pytest.fixture
def house(database, own_sandbox):  # noqa: F811
    with open_house(database, TOTETAXI_STRIPE_API_URL=own_sandbox.url) as house:
        yield house


def test_a_forgotten_customer_is_nowhere_and_totals_stay(
    house, database, vault, db, bootstrap, own_sandbox, tmp_path, capfd  # noqa: F811
):  # fmt: skip
    name, site = topic_name(*db.execute("select id from eventlog.log").fetchone()), Site(database, vault)
    staff = house.log_in_staff().headers
    ada, eve = Life(house, ADA, staff), Life(house, EVE, staff)
    with platform(database, vault, bootstrap, own_sandbox.url, inbox=tmp_path, log=tmp_path / "log"):
        all_live(db, {ada: 50, eve: 4}, site)
        before, read = totals(db), places_of(ada.words, tables(db) | {"log": opened_log(db, vault)})
        assert {word for word, _ in read} == ada.words
        assert {where.partition(".")[0] for _, where in read} >= HELD
        keys = db.execute(KEYS, ([ada.account.id, house.mail_id(ada.mail)],)).fetchall()
        ada.send("POST", f"/api/staff/customers/{ada.account.id}/forget/", None, staff)
        until(lambda: db.execute(ERASED).fetchone() == (0,), 90)
        until(lambda: is_level(db), 60)
    said = {"what processes said": capfd.readouterr().out.encode() + (tmp_path / "log").read_bytes()}
    everywhere = tables(db) | {"topic": topic(bootstrap, name), "log": opened_log(db, vault)} | said
    assert places_of(ada.words, everywhere) == set()
    assert {word for word, _ in places_of(eve.words, everywhere)} == eve.words
    assert b"forget" in said["what processes said"]
    assert (totals(db), list(verify(site))) == (before, [])
    assert ada.words - told_with(keys, db, vault, ada.words) == {ada.word("new").lower()}  # it was never in an event


def all_live(db, bookings, site):
    """Everybody lives and is watched; two read models have an old generation then."""
    for life, count in bookings.items():
        life.live(count)
        until(lambda: is_level(db), 120)
        assert len(life.watched()["bookings"]) == count
    until(lambda: is_level(db), 60)
    for model in (history, customers):
        rebuild(site, model)


def told_with(keys, db, vault, words):
    """What the log would tell, had the keys been kept."""
    with db.transaction(force_rollback=True):
        db.cursor().executemany(BACK, keys)
        return {word for word, _ in places_of(words, {"log": opened_log(db, vault)})}
