"""A forgotten person: nothing personal of theirs is left in any generation, and the books still balance."""

from datetime import timedelta

from domain.address import Words
from domain.booking_events import BookingNoted, CoreAreaOverridden, InstructionsChanged
from projections import history
from projections.erasing import all_passed, erase_person
from projections.models import MODELS
from projections.schemas import create, look_into
from tests.projections.stories import Story, follow, rows
from tests.samples import MONDAY, PRICING, person


def everything(db):
    """All rows of all generations, as one text."""
    schemas = [f"{name}{generation}" for name in MODELS for generation in ("", "_next", "_old")]
    return str([rows(db, schema) for schema in schemas]).lower()


def forget(store, name="ada"):
    position = store.recorder.max_notification_id()
    with store.recorder.transaction() as db:
        store.vault.destroy(db, person(name), position)


def test_nothing_personal_of_a_forgotten_person_is_left_in_any_generation(store, made):
    create(made, history, "history_next")
    create(made, history, "history_old")
    story = Story(store, 1, "canary")
    story.place()
    story.move(MONDAY + timedelta(1), words="canary reason")
    story.send_to("Sag Harbor", "11963", street="canary street")
    story.turn(InstructionsChanged(person("canary"), Words("canary instructions")))
    story.turn(CoreAreaOverridden(person("canary"), False, PRICING, Words("canary area")))
    story.note("canary note")
    story.cancel("canary words")
    Story(store, 2, "eve").place()
    for name in MODELS:
        follow(store, made, MODELS[name])
    for schema in ("history_next", "history_old"):
        made.execute(f"insert into {schema}.bookings select * from history.bookings")
        made.execute(f"insert into {schema}.entries select * from history.entries")
    assert everything(made).count("canary@example.com") == 5
    told = ("reason", "street", "instructions", "area", "note", "words")
    assert {word for word in told if f"canary {word}" in everything(made)} == set(told)
    forget(store, "canary")
    assert erase_person(made, person("canary")) == 0
    assert "canary" not in everything(made)
    assert "eve@example.com" in everything(made)


def test_the_bookings_of_a_forgotten_person_stay_in_the_books(store, made, ask):
    story = Story(store)
    story.place()
    story.pay()
    follow(store, made, history)
    forget(store)
    erase_person(made, person("ada"))
    found = ask(history, history.of_person, person("ada"))
    assert found["person"] is None
    assert [(one["status"], one["payments"][0]["amount_cents"]) for one in found["bookings"]] == [("paid", 99_500)]
    assert found["bookings"][0]["pickup_address"] == {"city": "New York", "state": "NY", "zip_code": "10013"}


def test_a_person_forgotten_before_their_events_are_read_never_appears(store, made):
    Story(store).place()
    forget(store)
    for name in MODELS:
        follow(store, made, MODELS[name])
    assert "ada@" not in everything(made)


def test_what_somebody_books_after_being_forgotten_is_theirs(store, made):
    Story(store, 1).place()
    follow(store, made, history)
    forget(store)
    Story(store, 2).place()
    follow(store, made, history)
    assert erase_person(made, person("ada")) == 0
    assert made.execute("select details is not null from history.bookings order by position").fetchall() == [
        (False,),
        (True,),
    ]


def test_words_about_a_booking_that_are_sealed_for_somebody_else_go_with_them(store, made):
    """Who left an address takes along the key of what was booked with it, and is meant by what is said since."""
    story = Story(store)
    story.place()
    story.turn(BookingNoted(person("account of ada"), Words("canary note")))
    follow(store, made, history)
    forget(store, "account of ada")
    assert erase_person(made, person("account of ada")) == 0
    assert "canary note" not in everything(made)
    assert "ada@example.com" in everything(made)


def test_the_scan_finds_what_erasing_has_left_behind(store, made, monkeypatch):
    Story(store).place()
    follow(store, made, history)
    forget(store)
    monkeypatch.setattr(history, "erase", lambda db, person_ids: None)
    assert erase_person(made, person("ada")) == 1


def test_erasing_waits_until_every_partition_has_passed(store, made):
    position = Story(store).place()
    for model in (model for model in MODELS.values() if model.PERSONAL):
        assert not all_passed(made, position)
        follow(store, made, model)
    assert all_passed(made, position)


def test_erasing_reads_the_tables_of_each_generation_and_leaves_the_path_as_it_was(store, made):
    erase_person(made, person("ada"))
    with made.transaction():
        look_into(made, "history")
    assert made.execute("select to_regclass('entries')").fetchone() == (None,)
