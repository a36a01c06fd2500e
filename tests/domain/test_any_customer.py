"""Any story of a customer, told in any order: what always holds."""

from hypothesis import settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain import Refused, customer
from domain.customer import (
    AccountClosed,
    AddressRemoved,
    AddressSaved,
    MailChanged,
    PreferencesChosen,
    VipRevoked,
    change_mail,
    choose_preferences,
    close,
    forget,
    remove_address,
    save_address,
    set_vip,
    verify_mail,
)
from domain.person import PersonForgotten
from tests.domain.test_customer import ADA, NIGHT_OWL, REGISTERED, address, id_of
from tests.samples import person

MAILS = some.sampled_from(["mail", "new mail", "old mail"]).map(person)
NAMES, NUMBERS = some.sampled_from(["home", "beach", "office"]), some.integers(1, 4)
AT_THE_END = AccountClosed | PersonForgotten | VipRevoked


class AnyCustomer(RuleBasedStateMachine):
    """Everything is asked at any time; what is refused changes nothing."""

    def __init__(self):
        super().__init__()
        self.state = customer.evolve(None, REGISTERED)

    def ask(self, decision, *args):
        """The events; asked again for what is so by now there are none, but for an address, which is saved anew."""
        before = self.state
        try:
            events = decision(self.state, *args)
        except Refused:
            return []
        for event in events:
            self.state = customer.evolve(self.state, event)
        if decision is not save_address:
            assert decision(self.state, *args) == []
        if before.is_closed:
            assert all(isinstance(event, AT_THE_END) for event in events)
        return events

    @rule(mail=MAILS)
    def proves_the_mail(self, mail):
        self.ask(verify_mail, mail)

    @rule(mail=MAILS)
    def moves_to_another_mail(self, mail):
        if self.ask(change_mail, MailChanged(ADA, mail)):
            assert self.state.is_verified

    @rule(name=NAMES, number=NUMBERS, is_default=some.booleans())
    def saves_an_address(self, name, number, is_default):
        for event in self.ask(save_address, address(name, number, is_default)):
            assert isinstance(event, AddressSaved)
            assert self.state.addresses[id_of(number)].is_default == is_default

    @rule(number=NUMBERS)
    def removes_an_address(self, number):
        for event in self.ask(remove_address, id_of(number)):
            assert isinstance(event, AddressRemoved)

    @rule()
    def chooses(self):
        assert len(self.ask(choose_preferences, NIGHT_OWL)) <= 1
        assert self.state.is_closed or self.state.preferences == PreferencesChosen(NIGHT_OWL).preferences

    @rule(is_vip=some.booleans())
    def is_a_favourite_or_not(self, is_vip):
        self.ask(set_vip, is_vip)

    @rule()
    def closes_and_is_forgotten(self):
        self.ask(close)
        self.ask(forget, ADA, (person("key"),))

    @invariant()
    def there_is_one_default_at_most(self):
        assert sum(saved.is_default for saved in self.state.addresses.values()) <= 1
        assert all(saved.is_active for saved in self.state.addresses.values() if saved.is_default)

    @invariant()
    def a_nickname_names_one_address(self):
        names = [saved.nickname_id for saved in self.state.addresses.values() if saved.is_active]
        assert len(names) == len(set(names))

    @invariant()
    def only_the_address_of_now_is_proven(self):
        assert self.state.verified in ((), (self.state.mail_id,))


AnyCustomer.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestAnyCustomer = AnyCustomer.TestCase
