"""What the golden stored bodies say: an event of each name, and of a booking one for each service."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from uuid import UUID

from msgspec.structs import replace

from domain import (
    audit,
    booking,
    booking_events,
    catalog,
    customer,
    customer_events,
    house,
    payment,
    pickup_day,
    price_list,
    pricing,
    profile,
    reconciliation,
    refund,
    selection,
    staff_member,
)
from domain.address import Area, Street, Streets, Words
from domain.moment import Moment
from domain.payment_events import PaymentSecret
from domain.permissions import Flags, Role
from domain.person import PersonForgotten
from tests.samples import MONDAY, person, placed

ADA, MAIL, KIM = person("ada"), person("ada's mail"), person("kim")
ONE, TWO = UUID("0193b5a0-0000-7000-8000-000000000001"), UUID("0193b5a0-0000-7000-8000-000000000002")
PRICING = pricing.Pricing(
    99500, 9950, 0, 5000, 140000, 12425, (pricing.OrganizingPrice("petite_packing", "Petite Packing", 140000),),
    17500, 0, 284375, (pricing.AppliedRule("Weekend", 9950),),
)  # fmt: skip
PLACED = replace(
    placed(),
    selection=selection.MiniMove(selection.Tier.PETITE, include_packing=True),
    pricing=PRICING,
    specific_pickup_hour=9,
)
BLADE = selection.BladeTransfer("JFK", date(2027, 1, 12), time(14, 30), 3, time(11, 0))
RESCHEDULED = booking_events.BookingRescheduled(
    ADA, MONDAY, date(2027, 1, 16), "morning_specific", 10, PLACED.selection, PRICING, Words("The lift is repaired")
)
MOVED_IN = booking_events.BookingAddressesChanged(
    ADA, Area("New York", "NY", "10014"), Area("Greenwich", "CT", "06830"), False, replace(PRICING, applied_rules=()),
    Streets(Street("3 Bank St", "4C", "Ring"), Street("5 Elm St")),
)  # fmt: skip
UNKNOWN_MONEY = reconciliation.Finding(reconciliation.Kind.UNKNOWN_PAYMENT, "pi_2", TWO, None, 500)
KIM_LEE = staff_member.StaffDetails(
    "Kim Lee", "kim@example.com", "+12125550123", "E7", "Operations", "2026-03-02", "Lou Lee", "Speaks French"
)

EVENTS = {
    "BookingPlaced": PLACED,
    "BookingPlaced-delivery": replace(PLACED, selection=selection.StandardDelivery(3, is_same_day_delivery=True)),
    "BookingPlaced-specialty": replace(PLACED, selection=selection.SpecialtyItems((selection.ItemQuantity(ONE, 2),))),
    "BookingPlaced-named": replace(
        PLACED, selection=selection.SpecialtyItems((selection.ItemQuantity(ONE, 2, "Peloton"),))
    ),
    "BookingPlaced-blade": replace(PLACED, selection=BLADE),
    "BookingPlaced-anonymous": replace(PLACED, personal=None),
    "BookingPlaced-account": replace(
        PLACED, is_guest=False, mail_id=MAIL, pickup_address_id=ONE, delivery_address_id=TWO
    ),
    "BookingPlaced-zone": replace(PLACED, zone="America/Chicago"),
    "BookingRescheduled-flight": replace(RESCHEDULED, selection=BLADE, personal=None, zone="America/Chicago"),
    "BookingAddressesChanged-saved": replace(MOVED_IN, pickup_address_id=ONE, delivery_address_id=TWO),
    "TimesPlanned-twice_shown": booking_events.TimesPlanned(
        None, Moment(date(2027, 11, 7), time(1, 30), "America/New_York", 1)
    ),
    "PlaceReserved-persons": pickup_day.PlaceReserved(
        MONDAY, ONE, "mini_move", ADA, pickup_day.Slot("morning"), (MAIL, KIM)
    ),
    "BookingPaid-difference": booking.BookingPaid(ONE, 284375, -10000),
    "BooksCompared-in_part": reconciliation.BooksCompared(12, 0, 500, (UNKNOWN_MONEY,), None, 3, False),
    "BookingReinstated-difference": booking.BookingReinstated(ONE, 284375, 10000),
    "PaymentRequested-customer": payment.PaymentRequested(ONE, ADA, 284375, "cus_1"),
    "RefundRequested-words": refund.RefundRequested(ONE, TWO, 10000, "by_staff", "staff:ada", ADA, Words("A late van")),
    "RefundFailed-at_stripe": refund.RefundFailed("lost_or_stolen_card", "re_1"),
    "RefundDenied-no_longer_fits": refund.RefundDenied("system", reason="refunded_at_stripe"),
    "RefundApproved-own": refund.RefundApproved("staff:ada", is_own=True),
    "BookingCancelled-expired": booking.BookingCancelled("payment_expired", MONDAY, ADA),
} | {
    type(event).__name__: event
    for event in (
        booking.BookingConfirmed(),
        booking.BookingBilledAgain(TWO),
        booking.BookingPaid(ONE, 284375),
        booking.BookingStarted(),
        booking.BookingDelayed(),
        booking.BookingResumed(),
        booking.BookingCompleted(),
        booking.BookingCancelled("by_staff", MONDAY, ADA, Words("The elevator is broken")),
        booking.BookingReinstated(ONE, 284375),
        booking.BookingRefunded(284375),
        RESCHEDULED,
        MOVED_IN,
        booking_events.InstructionsChanged(ADA, Words("Ring three times")),
        booking_events.CoreAreaOverridden(ADA, False, PRICING, Words("The van is there that day anyway")),
        booking_events.TimesPlanned(Moment(MONDAY, time(9, 15)), Moment(MONDAY, time(14), "America/Chicago")),
        booking_events.BookingNoted(ADA, Words("Fragile lamps")),
        booking_events.BookingDeleted(),
        booking_events.BookingBalancePaid(TWO, 10000, 500),
        booking_events.DifferenceReturned(TWO, 10000),
        pickup_day.PlaceReserved(MONDAY, ONE, "mini_move", ADA, pickup_day.Slot("morning_specific", 9)),
        pickup_day.PlaceReleased(MONDAY, ONE, "mini_move"),
        pickup_day.LimitSet(MONDAY, "mini_move", 4),
        pickup_day.LimitLifted(MONDAY, "mini_move"),
        pickup_day.DayBlackedOut(MONDAY, "Snow"),
        pickup_day.DayReopened(MONDAY),
        payment.PaymentRequested(ONE, ADA, 284375),
        payment.PaymentOpened("pi_1", ADA, PaymentSecret("pi_1_secret_2")),
        payment.PaymentProcessing(),
        payment.PaymentActionRequired(),
        payment.PaymentFailed("card_declined", "ch_1"),
        payment.PaymentSucceeded(284375, "ch_2", 8277),
        payment.PaymentWithdrawn("payment_expired"),
        payment.PaymentCancelled(),
        payment.RefundReserved(TWO, 10000),
        payment.RefundReleased(TWO),
        payment.RefundPaidOut(TWO, 10000),
        payment.DisputeOpened("dp_1", 284375, "fraudulent"),
        payment.DisputeClosed("dp_1", "won"),
        refund.RefundRequested(ONE, TWO, 10000, "goodwill", "staff:ada"),
        refund.RefundApproved("staff:eve"),
        refund.RefundCompleted("re_1", 10000),
        refund.RefundFailed("expired_or_canceled_card"),
        refund.RefundDenied("staff:eve", ADA, Words("It came on time")),
        refund.RefundTriedAgain("staff:eve", 2),
        reconciliation.BooksCompared(12, 1, 500, (UNKNOWN_MONEY,), datetime(2027, 1, 1, tzinfo=UTC)),
        PersonForgotten(ADA, (ONE, TWO)),
        customer.CustomerRegistered(ADA, MAIL, profile.Contact("Ada", "Byron", "ada@example.com", "+12125550123")),
        customer.MailVerified(MAIL),
        customer.MailChanged(ADA, MAIL, profile.MailAddress("ada@example.org")),
        customer.CustomerDetailsCorrected(ADA, profile.Contact("Augusta", "King", "ada@example.org", "+12125550199")),
        customer.PreferencesChosen(profile.Preferences(selection.PickupTime.MORNING_SPECIFIC, False, True, True)),
        customer.AddressSaved(
            ONE,
            ADA,
            TWO,
            Area("New York", "NY", "10013"),
            True,
            profile.Door("Home", Street("1 Main St", "2B", "Ring")),
        ),
        customer.AddressRemoved(ONE),
        customer_events.StripeCustomerMade("cus_1"),
        customer_events.PaymentMethodSaved("pm_1", ADA, profile.Card("visa", "4242", 12, 2034)),
        customer_events.PaymentMethodRemoved("pm_1"),
        customer_events.DefaultPaymentMethodChosen("pm_2"),
        customer.PasswordChanged(),
        customer.VipGranted(),
        customer.VipRevoked(),
        customer.StaffNotesWritten(ADA, Words("Likes mornings")),
        customer.AccountClosed(),
        staff_member.StaffMemberAdded(KIM, MAIL, Role.OPERATOR, Flags(), KIM_LEE),
        staff_member.StaffRoleChanged(Role.MANAGER),
        staff_member.StaffFlagsSet(Flags(True, False, True)),
        staff_member.StaffDetailsCorrected(KIM, replace(KIM_LEE, phone="+12125550199")),
        staff_member.StaffMemberDisabled(),
        staff_member.StaffMemberEnabled(),
        staff_member.StaffPasswordChanged(),
        staff_member.SecondFactorSet(),
        staff_member.SecondFactorRemoved(),
        audit.StaffActed(
            KIM,
            audit.Action.MODIFY_CUSTOMER,
            "request-1",
            KIM,
            ONE,
            ADA,
            "notes",
            {"customer": {"is_vip": False}},
            {"customer": {"is_vip": True}},
            audit.Whence("192.0.2.1", "Pen", "limit=20"),
        ),
        audit.PersonalChangeRecorded(ADA, audit.Change({"notes": ""}, {"notes": "Likes mornings"})),
        catalog.MiniMoveOffered(
            price_list.MiniMovePackage(ONE, selection.Tier.PETITE, "Petite", "Few things", 99500, 15, False)
        ),
        catalog.OrganizingOffered(
            price_list.OrganizingService(
                ONE, "petite_packing", "Petite Packing", "Half a day", selection.Tier.PETITE, True, 140000, 4, 2
            )
        ),
        catalog.DeliveryRatesSet(price_list.DeliveryRates(9500, 28500, 3, 15, 50, 36000)),
        catalog.SpecialtyItemOffered(price_list.SpecialtyItem(ONE, "Peloton", "With its mat", 50000, 150, True)),
        catalog.AirportServed(price_list.Airport("JFK", "John F. Kennedy", "Queens", "NY", "11430", 7500, 2, 20)),
        catalog.SurchargeRuleSet(
            price_list.SurchargeRule(
                ONE,
                price_list.SurchargeType.WEEKEND,
                "Weekend",
                "Sat",
                ("mini_move",),
                Decimal("10.00"),
                applies_saturday=True,
            )
        ),
        house.OrganizingTaxSet(Decimal("8.875")),
        house.GeographicThresholdSet(30),
        house.BookingWindowSet(90),
        house.HoldTimeSet(30),
        house.DailyCapacitySet(selection.ServiceType.MINI_MOVE, 10),
        house.PaymentMaximumSet(2_000_000),
        house.HouseCoiFeeSet(5000),
        house.ZipPrefixesExcluded(("104",)),
        house.InstructionZipsSet(("11968",)),
        house.DeliveryDistanceLimited(120),
    )
}
