"""
Who somebody is, spelt as Meta hashes it. None: nothing is left, or it is not what it claims.

Source: Meta, Conversions API, customer information parameters. Meta's own libraries disagree
with that page and with each other; where they do, each function says which side it takes.
"""

import re
from typing import Final
from unicodedata import normalize

from shared.domain.characters import only, shown

_EMAIL: Final = re.compile(r"[^\s@]+@[^\s@.]+(\.[^\s@.]+)+")
_FEMALE: Final = "f female woman girl w weiblich frau femme femminile femenino mujer donna"
_MALE: Final = "m male man boy männlich mann homme maschile masculino hombre uomo"
_GENDERS: Final = dict.fromkeys(_FEMALE.split(), "f") | dict.fromkeys(_MALE.split(), "m")


def normalised_email(text: str) -> str | None:
    """Trim and lower; dots and plus parts stay, since Meta does not know Gmail's rules."""
    email = shown(text).lower()
    return email if _EMAIL.fullmatch(email) else None


def normalised_name(text: str) -> str | None:
    """
    Lower, without punctuation or spaces; accents and digits stay, composed (NFC).

    So do Meta's page and its Parameter Builder; its Python SDK keeps the hyphen of Jean-Luc.
    """
    name = normalize("NFC", only("LMN", normalize("NFC", text).lower()))
    return name if any(c.isalpha() for c in name) else None


def normalised_gender(text: str) -> str | None:
    """Meta knows f and m; whatever else somebody is, it does not take."""
    return _GENDERS.get(normalised_name(text) or "")


def normalised_external_id(text: str) -> str | None:
    """
    Trim and no more: the shop gives the Pixel the same string, and case may tell ids apart.

    Meta's Parameter Builder would lower it; an id hashed here reaches it as a hash, which
    it leaves alone. A lone surrogate has no UTF-8 form that both channels would agree on.
    """
    if not shown(text) or any("\ud800" <= c <= "\udfff" for c in text):
        return None
    return text.strip()
