"""A customer as they see themselves: folded from their own stream, at any moment, without what staff noted."""

from msgspec.structs import replace

from commands import customer_ref
from commands.customer_sheet import address_sheets, contact_of, customer_sheet
from commands.customers import forget_customer, verify_mail
from commands.profiles import ProfileChange, change_profile
from commands.saved_addresses import AddressToSave, add_address, checked, remove_address
from commands.tokens import Purpose
from domain.address import Words
from domain.customer import StaffNotesWritten, VipGranted
from tests.commands.accounts_made import registered, token, verified
from tests.commands.wishes import TOWN
from tests.samples import NOON

NOTED = "a canary that staff noted"
NEW = "ada.b@example.com"


def sheet(ctx, id, **more):
    return customer_sheet(ctx().store.history(id), **more)


def addresses(ctx, id, **more):
    return address_sheets(ctx().store.history(id), **more)


def happens(ctx, id, *events):
    ctx().append([customer_ref(id)], lambda _: [list(events)])


def saves(ctx, id, nickname="Home", **told):
    asked = AddressToSave(id, nickname, replace(TOWN, **told))
    return add_address(checked(asked, ctx()), ctx()).events[-1].event.address_id


def test_a_sheet_is_what_was_told_last(ctx):
    id = verified(ctx)
    change_profile(id, ProfileChange(last_name="Lovelace", sms_notifications=True), 2, ctx())
    change_profile(id, ProfileChange(email=NEW), 4, ctx())
    verify_mail(token(ctx, id, NEW, Purpose.CHANGE_MAIL), ctx())
    assert sheet(ctx, id) == {
        "id": str(id), "first_name": "Ada", "last_name": "Lovelace", "email": NEW, "phone": "+12125550123",
        "is_verified": True, "is_vip": False, "preferred_pickup_time": "morning", "email_notifications": True,
        "sms_notifications": True, "marketing_consent": False, "member_since": "2027-01-04T17:00:00.000Z",
        "version": 6}  # fmt: skip


def test_a_sheet_can_be_seen_as_it_stood(ctx):
    id = registered(ctx)
    happens(ctx, id, VipGranted())
    then = sheet(ctx, id, until=lambda recorded: recorded.originator_version <= 1)
    assert (then["version"], then["is_vip"], sheet(ctx, id)["is_vip"]) == (1, False, True)
    assert sheet(ctx, id, until=lambda recorded: recorded.at < NOON) is None


def test_a_guest_of_whom_staff_noted_something_has_no_sheet(ctx):
    guest = ctx().store.vault.person_id("ada@example.com")
    happens(ctx, guest, StaffNotesWritten(guest, Words(NOTED)))
    assert (sheet(ctx, guest), contact_of(ctx().store.history(guest))) == (None, None)


def test_what_staff_noted_is_not_on_it(ctx):
    id = registered(ctx)
    happens(ctx, id, StaffNotesWritten(id, Words(NOTED)))
    saves(ctx, id)
    assert NOTED not in str(sheet(ctx, id)) + str(addresses(ctx, id))


def test_addresses_are_told_in_their_order_with_their_use_removed_ones_too(ctx):
    id = registered(ctx)
    home, work = saves(ctx, id), saves(ctx, id, "Work", address_line_2="Floor 3", zip_code="10021-1234")
    remove_address(home, id, None, ctx())
    told = addresses(ctx, id, usage={work: (2, NOON)})
    assert [(one["id"], one["is_active"], one["times_used"]) for one in told] == [
        (str(home), False, 0), (str(work), True, 2)]  # fmt: skip
    assert told[1]["formatted_address"] == "1 Main St, Floor 3, New York, NY 10021-1234"
    assert (told[0]["last_used_at"], told[1]["last_used_at"]) == (None, "2027-01-04T17:00:00.000Z")


def test_who_is_forgotten_has_a_sheet_without_a_name_and_no_addresses(ctx):
    id = verified(ctx)
    saves(ctx, id)
    forget_customer(id, ctx())
    told = sheet(ctx, id)
    assert [told[name] for name in ("first_name", "last_name", "email", "phone")] == [None] * 4
    assert addresses(ctx, id) == []
