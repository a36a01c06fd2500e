"""What may happen to a customer and what not: mail addresses proven, addresses saved, an account closed for ever."""

from functools import partial
from uuid import UUID, uuid5

import pytest
from msgspec.structs import replace

from domain import customer
from domain.address import Area, Street, Words
from domain.customer import (
    MOST_ADDRESSES,
    AccountClosed,
    AddressRemoved,
    AddressSaved,
    CustomerDetailsCorrected,
    CustomerRegistered,
    MailChanged,
    MailVerified,
    PasswordChanged,
    PreferencesChosen,
    StaffNotesWritten,
    VipGranted,
    VipRevoked,
    change_mail,
    change_password,
    choose_preferences,
    close,
    correct_details,
    forget,
    persons,
    register,
    remove_address,
    save_address,
    set_vip,
    verify_mail,
    write_notes,
)
from domain.person import PersonForgotten
from domain.profile import Contact, Door, MailAddress, Preferences
from domain.selection import PickupTime
from tests import Given
from tests.samples import PEOPLE, person

given = partial(Given, customer)
ADA, MAIL, NEW_MAIL, KEY = person("ada"), person("mail"), person("new mail"), person("key")
REGISTERED = CustomerRegistered(ADA, MAIL, Contact("Ada", "Byron", "ada@example.com", "+12125550123"))
VERIFIED, CLOSED = MailVerified(MAIL), AccountClosed()
MOVED = MailChanged(ADA, NEW_MAIL, MailAddress("ada@example.org"))
NEW_VERIFIED = MailVerified(NEW_MAIL)
CORRECTED = CustomerDetailsCorrected(ADA, Contact("Augusta", "King", "ada@example.com", "+12125550123"))
NOTED = StaffNotesWritten(ADA, Words("Likes mornings"))
NIGHT_OWL = Preferences(PickupTime.NO_TIME_PREFERENCE, sms_notifications=True)
FORGOTTEN = PersonForgotten(ADA, (KEY,))
UPTOWN = Area("New York", "NY", "10021")
FAVOURITE_GUEST = given(VipGranted()).state


def address(name: str = "home", number: int | str = 1, is_default: bool = False) -> AddressSaved:
    """The same name is the same nickname, the same number the same address."""
    door = Door(name, Street(f"{number} Main St"))
    return AddressSaved(id_of(number), ADA, uuid5(PEOPLE, name), UPTOWN, is_default, door)


def id_of(number: int | str) -> UUID:
    return uuid5(PEOPLE, f"address {number}")


def test_a_customer_registers_once_and_is_not_verified_by_it():
    given().when(register, REGISTERED).then(REGISTERED)
    given(REGISTERED).when(register, REGISTERED).then()
    assert not given(REGISTERED).state.is_verified


def test_a_mail_address_is_verified_once():
    given(REGISTERED).when(verify_mail, MAIL).then(VERIFIED)
    given(REGISTERED, VERIFIED).when(verify_mail, MAIL).then()
    assert given(REGISTERED, VERIFIED).state.is_verified


def test_only_the_address_of_now_can_be_verified():
    given(REGISTERED).when(verify_mail, NEW_MAIL).refused("invalid_token")
    given(REGISTERED, MOVED, NEW_VERIFIED).when(verify_mail, MAIL).refused("invalid_token")


def test_a_proven_new_address_takes_the_place_of_the_old_one_and_is_verified_with_it():
    given(REGISTERED, VERIFIED).when(change_mail, MOVED).then(MOVED, NEW_VERIFIED)
    given(REGISTERED).when(change_mail, MOVED).then(MOVED, NEW_VERIFIED)
    moved = given(REGISTERED, VERIFIED, MOVED, NEW_VERIFIED)
    moved.when(change_mail, MOVED).then()
    assert moved.state.is_verified


def test_who_goes_back_to_an_address_has_proven_it_anew():
    back = MailChanged(ADA, MAIL, MailAddress("ada@example.com"))
    there_and_back = given(REGISTERED, VERIFIED, MOVED, NEW_VERIFIED)
    there_and_back.when(change_mail, back).then(back, VERIFIED)
    assert given(REGISTERED, VERIFIED, MOVED, NEW_VERIFIED, back, VERIFIED).state.is_verified


def test_what_staff_granted_the_guest_is_the_customers_once_the_mail_is_theirs():
    given(REGISTERED).when(verify_mail, MAIL, FAVOURITE_GUEST).then(VERIFIED, VipGranted())
    given(REGISTERED).when(change_mail, MOVED, FAVOURITE_GUEST).then(MOVED, NEW_VERIFIED, VipGranted())
    given(REGISTERED, VipGranted()).when(verify_mail, MAIL, FAVOURITE_GUEST).then(VERIFIED)
    plain_guest = given(VipGranted(), VipRevoked()).state
    given(REGISTERED).when(verify_mail, MAIL, plain_guest).then(VERIFIED)


def test_a_customers_bookings_are_under_their_own_id_and_the_mail_they_have_proven():
    assert persons(ADA, None) == persons(ADA, given(REGISTERED).state) == (ADA,)
    assert persons(ADA, given(REGISTERED, VERIFIED).state) == (ADA, MAIL)
    moved = given(REGISTERED, VERIFIED, MOVED, NEW_VERIFIED).state
    assert persons(ADA, moved) == (ADA, NEW_MAIL), "somebody else may have the old address next"


def test_details_and_passwords_change_while_the_account_is_open():
    given(REGISTERED).when(correct_details, CORRECTED).then(CORRECTED)
    given(REGISTERED).when(change_password).then(PasswordChanged())
    assert given(REGISTERED, CORRECTED, PasswordChanged()).state == given(REGISTERED).state


def test_preferences_are_chosen_once():
    given(REGISTERED).when(choose_preferences, Preferences()).then()
    given(REGISTERED).when(choose_preferences, NIGHT_OWL).then(PreferencesChosen(NIGHT_OWL))
    given(REGISTERED, PreferencesChosen(NIGHT_OWL)).when(choose_preferences, NIGHT_OWL).then()


def test_a_nickname_is_one_addresss_until_it_is_removed():
    given(REGISTERED).when(save_address, address()).then(address())
    given(REGISTERED, address()).when(save_address, address("home", 2)).refused("nickname_taken")
    given(REGISTERED, address()).when(save_address, address("home", 1)).then(address("home", 1))
    given(REGISTERED, address()).when(save_address, address("beach", 1)).then(address("beach", 1))
    removed = given(REGISTERED, address(), AddressRemoved(id_of(1)))
    removed.when(save_address, address("home", 2)).then(address("home", 2))


def test_an_address_is_removed_once_and_does_not_come_back():
    given(REGISTERED, address()).when(remove_address, id_of(1)).then(AddressRemoved(id_of(1)))
    removed = given(REGISTERED, address(is_default=True), AddressRemoved(id_of(1)))
    removed.when(remove_address, id_of(1)).then()
    removed.when(save_address, address()).refused("not_found")
    given(REGISTERED).when(remove_address, id_of(1)).refused("not_found")
    assert not removed.state.addresses[id_of(1)].is_default


def test_a_new_default_takes_the_place_of_the_old_one():
    both = given(REGISTERED, address(is_default=True), address("beach", 2, is_default=True)).state
    assert [both.addresses[id_of(n)].is_default for n in (1, 2)] == [False, True]
    none = given(REGISTERED, address(is_default=True), address()).state
    assert not none.addresses[id_of(1)].is_default


def test_so_many_addresses_can_be_saved_and_no_more():
    many = [address(str(n), n) for n in range(MOST_ADDRESSES)]
    given(REGISTERED, *many).when(save_address, address("one more", "x")).refused("too_many_addresses")
    given(REGISTERED, *many).when(save_address, many[0]).then(many[0])
    given(REGISTERED, *many[1:]).when(save_address, many[0]).then(many[0])
    removed = AddressRemoved(id_of(0))
    given(REGISTERED, *many, removed).when(save_address, address("new", "x")).then(address("new", "x"))


def test_staff_make_a_favourite_and_take_it_back_also_of_a_guest():
    for story in ([], [REGISTERED]):
        given(*story).when(set_vip, True).then(VipGranted())
        given(*story).when(set_vip, False).then()
        given(*story, VipGranted()).when(set_vip, True).then()
        given(*story, VipGranted()).when(set_vip, False).then(VipRevoked())


def test_staff_write_notes_of_customers_and_guests():
    given().when(write_notes, NOTED).then(NOTED)
    given(REGISTERED).when(write_notes, NOTED).then(NOTED)
    assert not given(NOTED).state.is_verified, "a guest has no mail of their own that could be"


def test_an_account_is_closed_once_and_for_ever():
    given(REGISTERED).when(close).then(CLOSED)
    given(REGISTERED, CLOSED).when(close).then()
    given(REGISTERED, CLOSED).when(register, REGISTERED).then()


@pytest.mark.parametrize(
    "asked",
    [
        (verify_mail, MAIL),
        (change_mail, MOVED),
        (correct_details, CORRECTED),
        (change_password,),
        (choose_preferences, NIGHT_OWL),
        (save_address, address("beach", 2)),
        (remove_address, id_of(1)),
        (set_vip, True),
        (write_notes, NOTED),
    ],
    ids=lambda asked: asked[0].__name__,
)
def test_nothing_more_happens_to_a_closed_account(asked):
    given(REGISTERED, address(), CLOSED).when(*asked).refused("not_found")


def test_who_is_forgotten_keeps_nothing_that_they_told_and_is_nobodys_favourite():
    told = [REGISTERED, VERIFIED, PreferencesChosen(NIGHT_OWL), address(), VipGranted(), CLOSED]
    given(*told).when(forget, ADA, (KEY,)).then(VipRevoked(), FORGOTTEN)
    state = given(*told, VipRevoked(), FORGOTTEN).state
    assert (state.addresses, state.preferences, state.is_vip) == ({}, Preferences(), False)
    assert persons(ADA, state) == (ADA, MAIL), "their bookings are still theirs, and nobody else's"


def test_a_person_is_forgotten_once_for_each_key():
    given().when(forget, ADA, (KEY,)).then(FORGOTTEN)
    given(FORGOTTEN).when(forget, ADA, (KEY,)).then()
    again = replace(FORGOTTEN, key_ids=(MAIL,))
    given(FORGOTTEN).when(forget, ADA, (KEY, MAIL)).then(again)
