"""Phones and mail addresses as people write them, brought into the one form in which they are kept and compared."""

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from domain import Refused


def normal_phone(text: str) -> str:
    """E.164, such as +12125550123; a number without a country is American, an extension is dropped.

    Raises Refused("invalid_phone").
    """
    try:
        number = phonenumbers.parse(text, "US")
    except phonenumbers.NumberParseException as failure:
        raise Refused("invalid_phone", "This is not a phone number.", "/phone") from failure
    if not phonenumbers.is_valid_number(number):
        raise Refused("invalid_phone", "There is no such phone number.", "/phone")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def normal_mail(text: str) -> str:
    """The address in lower case, without outer blanks: the same person whatever the case. Nothing is sent or asked.

    Raises Refused("invalid_email").
    """
    try:
        address = validate_email(text.strip(), check_deliverability=False, strict=True)
    except EmailNotValidError as failure:
        raise Refused("invalid_email", "This is not a mail address.", "/email") from failure
    return address.normalized.lower()
