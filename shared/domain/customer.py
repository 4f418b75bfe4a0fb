"""
A customer, hashed: what we know of somebody, in the only form in which we keep it.

Each value is normalised (normalise_identity, normalise_address, birth_dates, countries) and
then hashed with SHA-256. What normalises to nothing is dropped, so the hash of an empty text
is never sent; what arrives hashed is never hashed twice.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import partial
from itertools import islice
from typing import Final

from shared.domain.birth_dates import normalised_birth_date
from shared.domain.characters import shown
from shared.domain.countries import country_code
from shared.domain.hashing import Hashed, is_hashed, sha256_hex
from shared.domain.normalise_address import normalised_city, normalised_state, normalised_zip
from shared.domain.normalise_identity import (
    normalised_email,
    normalised_external_id,
    normalised_gender,
    normalised_name,
)

# (phone as typed, ISO alpha-2 in upper case or None) to "+33600000000", or None if unsure.
E164 = Callable[[str, str | None], str | None]
_Normalise = Callable[[str], str | None]

# Meta publishes no limit for lists; a person has few e-mail addresses.
_MOST_VALUES: Final = 5
_HASH_OF_NOTHING: Final = sha256_hex("")


@dataclass(frozen=True, slots=True)
class HashedCustomer:
    """
    Meta's hashed keys, at most five values each, the likeliest first.

    `ph` is the phone as Meta hashes it (digits), `ph_e164` as Google does (with its plus).
    """

    em: tuple[Hashed, ...] = ()
    ph: tuple[Hashed, ...] = ()
    ph_e164: tuple[Hashed, ...] = ()
    fn: tuple[Hashed, ...] = ()
    ln: tuple[Hashed, ...] = ()
    ge: tuple[Hashed, ...] = ()
    db: tuple[Hashed, ...] = ()
    ct: tuple[Hashed, ...] = ()
    st: tuple[Hashed, ...] = ()
    zp: tuple[Hashed, ...] = ()
    country: tuple[Hashed, ...] = ()
    external_id: tuple[Hashed, ...] = ()

    def is_empty(self) -> bool:
        return self is NOBODY or self == NOBODY

    def merged_with(self, other: "HashedCustomer") -> "HashedCustomer":
        """Add what another source knows, after our own."""
        if self.is_empty() or other.is_empty():
            return other if self.is_empty() else self
        names = [field.name for field in fields(self)]
        return HashedCustomer(
            **{name: _few((*getattr(self, name), *getattr(other, name))) for name in names}
        )


NOBODY: Final = HashedCustomer()


def hash_customer(raw: Mapping[str, object], *, country: str | None, e164: E164) -> HashedCustomer:
    """
    Normalise and hash Meta's keys; a value is a text or a list of texts, all else is ignored.

    `country` is a guess (of the visitor's address, say) that reads phone, state and postcode
    where `raw` names no country itself; it is not hashed.
    """
    countries = filter(None, map(country_code, _texts(raw.get("country"))))
    home = next(countries, None) or country_code(country or "")
    normalise: dict[str, _Normalise] = {
        "em": normalised_email,
        "fn": normalised_name,
        "ln": normalised_name,
        "ge": normalised_gender,
        "db": normalised_birth_date,
        "ct": normalised_city,
        "st": partial(normalised_state, country=home),
        "zp": partial(normalised_zip, country=home),
        "country": country_code,
        "external_id": normalised_external_id,
    }
    region = home.upper() if home else None
    # What arrived hashed was hashed for Meta, without the plus.
    typed = (text for text in _texts(raw.get("ph")) if not _given(text))
    numbers = {text: e164(shown(text), region) for text in typed}
    return HashedCustomer(
        **{name: _hashes(raw.get(name), read) for name, read in normalise.items()},
        ph=_hashes(raw.get("ph"), lambda text: (numbers[text] or "").removeprefix("+")),
        ph_e164=_hashes(list(numbers), numbers.get),
    )


def from_stripe(details: Mapping[str, object] | None, *, e164: E164) -> HashedCustomer:
    """Read the `customer_details` of a Checkout Session; its address says the country."""
    found = details or {}
    address = found.get("address")
    home: Mapping[str, object] = address if isinstance(address, Mapping) else {}
    first, last = _first_and_last(_person(found))
    raw = {
        "em": found.get("email"),
        "ph": found.get("phone"),
        "fn": first,
        "ln": last,
        "ct": home.get("city"),
        "st": home.get("state"),
        "zp": home.get("postal_code"),
        "country": home.get("country"),
    }
    return hash_customer(raw, country=None, e164=e164)


def _person(details: Mapping[str, object]) -> str:
    """Stripe's `name` may be the company's, where it asks for both."""
    individual, name = details.get("individual_name"), details.get("name")
    if isinstance(individual, str) and shown(individual):
        return individual
    return name if isinstance(name, str) and name != details.get("business_name") else ""


def _first_and_last(name: str) -> tuple[str, str]:
    """Take the first word for the given name and the rest for the family's."""
    words = shown(name).split(maxsplit=1)
    return (words[0], " ".join(words[1:])) if words else ("", "")


def _hashes(value: object, normalise: _Normalise) -> tuple[Hashed, ...]:
    return _few(found for text in _texts(value) if (found := _hash(text, normalise)))


def _hash(text: str, normalise: _Normalise) -> Hashed | None:
    if given := _given(text):
        # Somebody hashed an empty field.
        return given if given != _HASH_OF_NOTHING else None
    normalised = normalise(text)
    return sha256_hex(normalised) if normalised else None


def _given(text: str) -> Hashed | None:
    """Take a value that arrived hashed, in lower case."""
    trimmed = shown(text)
    return Hashed(trimmed.lower()) if is_hashed(trimmed) else None


def _texts(value: object) -> Iterator[str]:
    items = value if isinstance(value, list | tuple) else (value,)
    return (item for item in items if isinstance(item, str))


def _few(hashes: Iterable[Hashed]) -> tuple[Hashed, ...]:
    return tuple(islice(dict.fromkeys(hashes), _MOST_VALUES))
