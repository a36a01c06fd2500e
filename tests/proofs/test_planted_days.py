"""What would be wrong with days and bookings, planted in a log: the proofs of days find each of them."""

from collections import Counter
from datetime import timedelta

import pytest

from domain import pickup_day
from domain.booking_events import BookingCancelled, BookingCompleted, BookingDeleted, BookingPaid, BookingReinstated
from domain.ids import booking_id, payment_id
from domain.payment import PaymentRequested, PaymentSucceeded, PaymentWithdrawn, RefundReserved
from domain.pickup_day import DayBlackedOut, PlaceReleased, PlaceReserved, Slot
from eventlog.envelope import Origin, Recorded
from eventlog.ids import new_id
from tests.proofs.day_clients import LIMITS, Told
from tests.proofs.days import Story
from tests.samples import MONDAY, NOON, person, placed

CENTS = 99_500
ID, OTHER = booking_id("TT00000001"), booking_id("TT00000002")
TUESDAY, MORNING = MONDAY + timedelta(1), Slot("morning")


def booked(id=ID, who="ada"):
    """A booking with its place and its payment, as one command writes them."""
    place = PlaceReserved(MONDAY, id, "mini_move", person(who), MORNING)
    asked = PaymentRequested(id, person(who), CENTS)
    return [(id, placed(who)), (pickup_day.stream(MONDAY), place), (payment_id(id, 1), asked)]


RELEASED = (pickup_day.stream(MONDAY), PlaceReleased(MONDAY, ID, "mini_move"))
CANCELLED = (ID, BookingCancelled("by_customer", MONDAY, person("ada")))
KNOWN = (ID, BookingPaid(payment_id(ID, 1), CENTS))
SET_ASIDE, AND_MORE = ((payment_id(ID, 1), RefundReserved(new_id(), cents)) for cents in (CENTS, 1))
AGAIN = (ID, BookingReinstated(payment_id(ID, 1), CENTS))
WITHDRAWN = (payment_id(ID, 1), PaymentWithdrawn("by_customer"))
PAID = (payment_id(ID, 1), PaymentSucceeded(CENTS, "ch_1"))
ELSEWHERE = (pickup_day.stream(TUESDAY), PlaceReserved(TUESDAY, ID, "mini_move", person("ada"), MORNING))
ENDED = [CANCELLED, RELEASED, WITHDRAWN]
PLANTED = {
    "nothing is wrong": ([booked(), ENDED], None),
    "a place is lost": ([booked(), [RELEASED]], "is pending and has 0 places"),
    "a place is kept": ([booked(), [CANCELLED, WITHDRAWN]], "is cancelled and has 1 places"),
    "a place on two days": ([booked(), [ELSEWHERE]], "is pending and has 2 places"),
    "a place on another day": ([booked(), [RELEASED, ELSEWHERE]], "bookings without place"),
    "one person twice": ([booked(), booked(OTHER)], "has somebody twice in a slot"),
    "a closed day": ([[(pickup_day.stream(MONDAY), DayBlackedOut(MONDAY, "snow"))], booked()], "is closed"),
    "an end taken back": ([booked(), ENDED, [AGAIN]], "cancelled by_customer"),
    "a step left out": ([booked(), [(ID, BookingCompleted())]], "was pending and became completed"),
    "an open payment": ([booked(), [CANCELLED, RELEASED]], "is open and its booking cancelled"),
    "money nobody knows of": ([booked(), [PAID]], "knows of 0 and was paid 99500"),
    "more set aside than was paid": ([booked(), [PAID, KNOWN, SET_ASIDE, AND_MORE]], "more is set aside"),
    "put away and going on": ([booked(), [(ID, BookingDeleted())]], "is deleted and pending"),
}


def log_of(commands):
    """As the log would tell them."""
    versions, log = Counter(), []
    for command in commands:
        origin, key = Origin("guest", new_id()), command[0][0] if command[0][0] in (ID, OTHER) else ID
        for stream, event in command:
            versions[stream] += 1
            log.append(Recorded(stream, versions[stream], event, new_id(), key, NOON, origin, len(log) + 1))
    return log


@pytest.mark.parametrize("what", PLANTED)
def test_what_is_planted_is_found(what):
    commands, sentence = PLANTED[what]
    story = Story(LIMITS)
    wrong = story.follow(log_of(commands)) + story.at_rest()
    assert any(sentence in one for one in wrong) if sentence else wrong == []


def test_whoever_was_refused_a_place_that_was_free_is_found():
    story, day = Story(LIMITS), pickup_day.stream(MONDAY)
    story.follow(log_of([booked(), booked(OTHER, "eve")]))
    refused = {version: Told(MONDAY, "mini_move", "no_capacity", {day: version}) for version in (0, 1, 2)}
    assert [bool(story.unjust(one, one.day, one.service)) for one in refused.values()] == [True, True, False]
