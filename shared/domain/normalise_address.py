"""
Where somebody lives, spelt as Meta hashes it. None: nothing is left, or it is not sure.

Source: Meta, Conversions API, customer information parameters; for the city Meta's Python SDK,
since its Parameter Builder cuts every letter outside a-z (Zürich would become zrich).
`country` is ISO 3166-1 alpha-2 in lower case, or None where nobody knows it.
"""

import re
from typing import Final
from unicodedata import normalize

from shared.domain.characters import only, with_ascii_digits
from shared.domain.regions import has_region_codes, region_code

_UNITED_STATES: Final = "us"
_US_ZIP: Final = re.compile(r"\d{5}", re.ASCII)


def normalised_city(text: str) -> str | None:
    """Lower, letters alone; accents stay, composed (NFC)."""
    return normalize("NFC", only("LM", normalize("NFC", text).lower())) or None


def normalised_state(text: str, *, country: str | None) -> str | None:
    """
    In the USA and Canada the two-letter code, elsewhere the lower-case name.

    A name that is no state there is dropped: the Parameter Builder's first two letters would
    make Puerto Rico pu. Where no country is known, a full American name is taken at its word.
    """
    if country is not None and has_region_codes(country):
        return region_code(text, country)
    state = normalize("NFC", only("LMN", normalize("NFC", text).lower()))
    known = region_code(text, _UNITED_STATES) if country is None else None
    return known or state or None


def normalised_zip(text: str, *, country: str | None) -> str | None:
    """Lower, without space and dash; of an American one the first five digits."""
    code = only("LN", with_ascii_digits(normalize("NFKC", text)).lower())
    if country == _UNITED_STATES:
        found = _US_ZIP.match(code)
        return found.group() if found else None
    return code or None
