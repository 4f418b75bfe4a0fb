"""Phone numbers by Google's libphonenumber, which knows every country's numbering plan."""


def to_e164(raw: str, country: str | None) -> str | None:
    """
    Write a phone number as +33600000000, or None unless it is a number somebody can have.

    `country` (ISO alpha-2) reads a national number: without it only one that begins with a
    plus is sure.
    """
    # Imported late: most requests carry no phone, and none should wait for it at the start.
    import phonenumbers  # noqa: PLC0415

    try:
        number = phonenumbers.parse(raw, country.upper() if country else None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
