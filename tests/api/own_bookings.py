"""What customers of these tests do with their account: book, look, save addresses, change their mail."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import psycopg

from domain import customer
from domain.address import Area, Street
from domain.customer import AddressSaved, MailChanged, MailVerified
from domain.profile import Door, MailAddress
from eventlog.envelope import Origin
from eventlog.ids import new_id
from eventlog.store import Note, Ref
from projections import history
from tests.api.house import booking
from tests.projections.stories import follow

CREATE = "/api/customer/bookings/create/"
OWN = "/api/customer/bookings/"
UPTOWN = Area("New York", "NY", "10021")


def wish(**changed):
    """What a customer sends: a guest's body without who they are."""
    return booking(**({"customer_info": None} | changed))


def book(house, who, body=None, **headers):
    return house.http.post(CREATE, json=body or wish(), headers=who.headers | headers)


def get(house, who, path, **headers):
    return house.http.get(path, headers=who.headers | headers)


def refusal(answer):
    problem = answer.json()
    return answer.status_code, problem["code"], [error["path"] for error in problem.get("errors", [])]


def happen(house, who, *events):
    """In the customer's stream."""
    note = Note(datetime.now(UTC), Origin("tests", new_id()))
    return house.store.append([Ref(customer, who.id)], lambda _: [list(events)], note).position


def saved(house, who, area=UPTOWN):
    """The id of a new saved address."""
    id = uuid4()
    door = Door("Home", Street("7 Saved St", "Apt 2", "Ring the bell"))
    happen(house, who, AddressSaved(id, who.id, uuid4(), area, personal=door))
    return id


def move_mail(house, who, mail):
    """As if the new address had been verified."""
    happen(house, who, MailChanged(who.id, house.mail_id(mail), MailAddress(mail)), MailVerified(house.mail_id(mail)))
    with psycopg.connect(house.database) as db:
        row = (mail, house.mail_id(mail), who.id)
        db.execute("update api.accounts set mail = %s, mail_id = %s where id = %s", row)


def follow_history(house):
    with psycopg.connect(house.database, autocommit=True) as db:
        follow(house.store, db, history)


def booking_uuid(made):
    return UUID(made["booking"]["id"])
