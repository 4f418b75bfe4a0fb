"""Whatever a browser sends, hashing a customer ends in hashes or in nothing."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.phonenumbers_e164 import to_e164
from shared.domain.birth_dates import normalised_birth_date
from shared.domain.countries import country_code
from shared.domain.customer import HashedCustomer, from_stripe, hash_customer
from shared.domain.hashing import sha256_hex
from shared.domain.normalise_address import normalised_city, normalised_state, normalised_zip
from shared.domain.normalise_identity import (
    normalised_email,
    normalised_external_id,
    normalised_gender,
    normalised_name,
)
from tests.builders import plain_e164

KEYS = [name for name in HashedCustomer.__dataclass_fields__ if name != "ph_e164"]
SHA256 = re.compile(r"[0-9a-f]{64}")
# NUL, lone surrogates, direction marks, Arabic-Indic digits and fillers come up often.
ODD = st.sampled_from(list("\x00\ud800\udfff\u200f\u202e\u0660\u0669\u3164\ufe0f\ufeffİßſ@.-+/ 1a"))
CHARACTERS = st.one_of(ODD, st.characters(codec=None))
TEXT = st.text(alphabet=CHARACTERS, max_size=40)
VALUES = st.one_of(TEXT, st.lists(st.one_of(TEXT, st.none(), st.integers()), max_size=8), st.none())
RAW = st.dictionaries(st.sampled_from(KEYS), VALUES)
COUNTRIES = st.one_of(st.none(), TEXT, st.sampled_from(["US", "CA", "GB", "DE", "xx"]))

NORMALISERS = [
    normalised_email,
    normalised_name,
    normalised_gender,
    normalised_birth_date,
    normalised_city,
    normalised_external_id,
    country_code,
    lambda text: normalised_state(text, country=None),
    lambda text: normalised_state(text, country="us"),
    lambda text: normalised_state(text, country="de"),
    lambda text: normalised_zip(text, country=None),
    lambda text: normalised_zip(text, country="us"),
]


def are_all_hashes(customer: HashedCustomer) -> bool:
    values = [getattr(customer, name) for name in HashedCustomer.__dataclass_fields__]
    return all(
        len(hashes) <= 5
        and len(set(hashes)) == len(hashes)
        and sha256_hex("") not in hashes
        and all(SHA256.fullmatch(each) for each in hashes)
        for hashes in values
    )


@given(RAW, COUNTRIES)
def test_any_text_ends_in_hashes_or_in_nothing(raw, country):
    assert are_all_hashes(hash_customer(raw, country=country, e164=plain_e164))


@given(TEXT, COUNTRIES)
def test_any_phone_ends_in_hashes_or_in_nothing(phone, country):
    assert are_all_hashes(hash_customer({"ph": phone}, country=country, e164=to_e164))


@given(st.dictionaries(st.sampled_from(["email", "phone", "name", "individual_name"]), VALUES), RAW)
def test_any_customer_of_stripes_ends_in_hashes_or_in_nothing(details, address):
    assert are_all_hashes(from_stripe({**details, "address": address}, e164=plain_e164))


@given(RAW)
def test_hashes_pass_through_unchanged(raw):
    once = hash_customer(raw, country=None, e164=plain_e164)
    given_back = {key: [each.upper() for each in getattr(once, key)] for key in KEYS}
    twice = hash_customer(given_back, country=None, e164=plain_e164)

    assert all(getattr(twice, key) == getattr(once, key) for key in KEYS)


@given(RAW, RAW, RAW)
def test_merging_is_associative(a, b, c):
    a, b, c = (hash_customer(raw, country=None, e164=plain_e164) for raw in (a, b, c))

    assert a.merged_with(b).merged_with(c) == a.merged_with(b.merged_with(c))


@pytest.mark.parametrize("normalise", NORMALISERS)
@given(text=TEXT)
def test_what_is_normalised_stays_as_it_is(normalise, text):
    written = normalise(text)

    assert written is None or (written and normalise(written) == written)


@pytest.mark.parametrize("normalise", NORMALISERS)
@given(text=TEXT)
def test_white_space_around_a_value_means_nothing(normalise, text):
    assert normalise(f" \n{text}\t ") == normalise(text)
