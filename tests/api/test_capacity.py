"""Two hundred guests for the ten places of a day."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from domain import pickup_day
from tests.api.house import booking

GUESTS, PLACES = 200, 10


def rush(house) -> Counter:
    def ask(n: int) -> str:
        answer = house.book(booking(f"guest{n}@example.com"))
        return "booked" if answer.status_code == 201 else f"{answer.status_code} {answer.json()['code']}"

    with ThreadPoolExecutor(GUESTS) as guests:
        return Counter(guests.map(ask, range(GUESTS)))


def test_ten_of_two_hundred_get_the_ten_places(house):
    assert rush(house) == {"booked": PLACES, "409 no_capacity": GUESTS - PLACES}
    assert house.count() == PLACES


def test_with_the_check_switched_off_there_are_more(house, monkeypatch):
    monkeypatch.setattr(pickup_day, "left", lambda *_: 1)
    assert rush(house)["booked"] > PLACES


def test_a_guest_has_one_booking_in_a_slot_whatever_the_case_of_the_mail(house):
    assert house.book(booking("ada@example.com")).status_code == 201
    answer = house.book(booking("Ada@Example.com"))
    assert (answer.status_code, answer.json()["code"]) == (409, "slot_taken")
    assert house.book(booking("ada@example.com", pickup_time="no_time_preference")).status_code == 201
