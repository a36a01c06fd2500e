"""Phones and mail addresses, however they are written, come into one form or are refused."""

import pytest

from commands.contacts import normal_mail, normal_phone
from domain import Refused


@pytest.mark.parametrize(
    "written", ["+12125550123", "212 555 0123", "(212) 555-0123", "1-212-555-0123", "tel:+12125550123", "2125550123 x5"]
)
def test_an_american_phone_has_one_form(written):
    assert normal_phone(written) == "+12125550123"


def test_other_countries_are_written_with_their_code():
    assert normal_phone("+44 20 7946 0000") == "+442079460000"


@pytest.mark.parametrize("written", ["", "12", "911", "abc", "+1 212", "020 7946 0000", "+1212555012345", "9" * 300])
def test_what_is_no_phone_is_refused(written):
    with pytest.raises(Refused) as refusal:
        normal_phone(written)
    assert refusal.value.code == "invalid_phone"


@pytest.mark.parametrize("written", ["ada@example.com", "Ada@Example.COM", "  ada@example.com\n"])
def test_a_mail_address_has_one_form(written):
    assert normal_mail(written) == "ada@example.com"


def test_tags_and_foreign_letters_are_kept():
    assert normal_mail("Ada+Tote@example.com") == "ada+tote@example.com"
    assert normal_mail("ada@BÜCHER.de") == "ada@bücher.de"


@pytest.mark.parametrize(
    "written",
    [
        "",
        "ada",
        "ada@localhost",
        "ada@",
        "@example.com",
        "ada@example..com",
        "ada byron@example.com",
        "Ada <ada@example.com>",
        "ada@example.com\r\nBcc: eve@example.com",
        f"{'a' * 65}@example.com",
        "ada@[127.0.0.1]",
    ],
)
def test_what_is_no_mail_address_is_refused(written):
    with pytest.raises(Refused) as refusal:
        normal_mail(written)
    assert refusal.value.code == "invalid_email"
