"""Phone numbers by Google's libphonenumber, which knows every country's numbering plan."""

from typing import Any


def to_e164(raw: str, country: str | None) -> str | None:
    """
    Write a phone number as +33600000000, or None unless it is sure.

    With a plus the writer has named the country, and the length has to fit. Without one,
    `country` (ISO alpha-2) reads it, and it must be a number that is in use there: a national
    number read in the wrong country is somebody else's.
    """
    # Imported late: most requests carry no phone, and none should wait for it at the start.
    import phonenumbers  # noqa: PLC0415

    region = country.upper() if country else None
    try:
        number = phonenumbers.parse(raw, region, keep_raw_input=True)
    except phonenumbers.NumberParseException:
        return None
    if not _is_sure(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _is_sure(number: Any) -> bool:
    import phonenumbers  # noqa: PLC0415

    with_plus = phonenumbers.CountryCodeSource.FROM_NUMBER_WITH_PLUS_SIGN
    if number.country_code_source == with_plus:
        return bool(phonenumbers.is_possible_number(number))
    return bool(phonenumbers.is_valid_number(number))
