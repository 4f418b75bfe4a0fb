"""Meta's published hashes, and the values on which its own libraries stumble."""

import pytest

from shared.adapters.phonenumbers_e164 import to_e164
from shared.domain.customer import HashedCustomer, from_stripe, hash_customer
from shared.domain.hashing import sha256_hex
from tests.builders import plain_e164

HASH_OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
MARY = "6915771be1c5aa0c886870b6951b03d7eafc121fea0e80a5ea83beb7c449f4ec"

PUBLISHED = [
    (
        "em",
        "John_Smith@gmail.com",
        "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f",
    ),
    (
        "ph",
        "US (650)555-1212",
        "e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176",
    ),
    ("fn", "Mary", MARY),
    ("fn", "정", "8fa8cd9c440be61d0151429310034083132b35975c4bea67fdd74158eb51db14"),
    ("fn", "Valéry", "08e1996b5dd49e62a4b4c010d44e4345592a863bb9f8e3976219bac29417149c"),
    ("fn", "Vale\u0301ry", "08e1996b5dd49e62a4b4c010d44e4345592a863bb9f8e3976219bac29417149c"),
    ("db", "2/16/1997", "01acdbf6ec7b4f478a225f1a246e5d6767eeab1a7ffa17f025265b5b94f40f0c"),
    (
        "country",
        "United States",
        "79adb2a2fce5c6ba215fe5f27f532d4e7edbac4b6a5e09e1ef3a08084a904621",
    ),
    ("ge", "Female", "252f10c83610ebca1a059c0bae8255eba2f95be4d1d7bcfa89d7248a82d9f111"),
    ("ge", "M", "62c66a7a5dd70c3146618063c344e531e6d4b59e379808443ce962b3abd63c5a"),
    ("ct", "New York", "350c754ba4d38897693aa077ef43072a859d23f613443133fecbbd90a3512ca5"),
    ("st", "California", "6959097001d10501ac7d54c0bdb8db61420f658f2922cc26e46d536119a31126"),
    ("zp", "94035-1234", "1794327a4d443904421f5ca1f3d72d0a62ba2f0770d80755ec2220fc0efb052e"),
]


def hashed(key: str, value: object, *, country: str | None = None) -> tuple[str, ...]:
    return getattr(hash_customer({key: value}, country=country, e164=plain_e164), key)


def is_written(key: str, value: str, written: str | None, *, country: str | None = None) -> bool:
    """Compare by hash, since nothing else comes out."""
    expected = () if written is None else (sha256_hex(written),)
    return hashed(key, value, country=country) == expected


@pytest.mark.parametrize(("key", "text", "expected"), PUBLISHED)
def test_metas_published_hashes_are_met(key, text, expected):
    customer = hash_customer({key: text}, country="US", e164=to_e164)

    assert getattr(customer, key) == (expected,)


def test_the_british_postcode_of_metas_page_is_met():
    assert hashed("zp", "M1 1AE", country="GB") == (
        "1dc694c2070e697769fb959b50671d76cafd430d8ca191fbdd0affcaea344ac5",
    )


@pytest.mark.parametrize("phone", ["+1 234 567 8901", "(234) 567-8901"])
def test_the_phone_of_metas_sample_payload_is_met(phone):
    (ph,) = hash_customer({"ph": phone}, country="US", e164=to_e164).ph

    assert ph.startswith("254aa248")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("  Ada.L+news@Example.COM\n", "ada.l+news@example.com"),
        ("\ufeffada@example.com\u200b", "ada@example.com"),
        ("ada\u00ad@example.com", "ada@example.com"),
        ("ada\x00@example.com", "ada@example.com"),
        ("ada\u3164@example\ufe0f.com", "ada@example.com"),
        ("ada\ud800@example.com", "ada@example.com"),
        ("JOSÉ@example.com", "josé@example.com"),
        ("ada@mail.example.co.uk", "ada@mail.example.co.uk"),
        ("ada @example.com", None),
        ("ada\t@example.com", None),
        ("ada@example", None),
        ("ada@example..com", None),
        ("@example.com", None),
        ("ada@@example.com", None),
        ("ada@example.com, bob@example.com", None),
        ("", None),
        (" \u200b ", None),
    ],
)
def test_an_email_is_trimmed_and_lowered_and_must_look_like_one(text, written):
    assert is_written("em", text, written)


@pytest.mark.parametrize("key", ["fn", "ln"])
@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Jean-Luc", "jeanluc"),
        ("O’Neill", "oneill"),
        (" Mary  Ann ", "maryann"),
        ("Mary\u00a0Ann", "maryann"),
        ("ŁUKASZ", "łukasz"),
        ("İpek", "i̇pek"),
        ("山田", "山田"),
        ("محمد\u200f", "محمد"),
        ("Louis 14", "louis14"),
        ("Ada \U0001f600\ufe0f", "ada"),
        ("A\u200dd\u034fa", "ada"),
        ("\ud83dAda", "ada"),
        ("   ", None),
        ("\u3164", None),
        ("❤️", None),
        ("-", None),
        ("123", None),
        ("\u0301", None),
    ],
)
def test_a_name_is_its_letters_in_lower_case(key, text, written):
    assert is_written(key, text, written)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("f", "f"),
        ("FEMALE", "f"),
        (" Woman ", "f"),
        ("m", "m"),
        ("Male.", "m"),
        ("männlich", "m"),
        ("x", None),
        ("unknown", None),
        ("mf", None),
        ("", None),
    ],
)
def test_a_gender_is_f_or_m_or_nothing(text, written):
    assert is_written("ge", text, written)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Zürich", "zürich"),
        ("Zu\u0308rich", "zürich"),
        ("St. John's", "stjohns"),
        ("Saint-Étienne", "saintétienne"),
        ("Paris 15", "paris"),
        ("東京", "東京"),
        ("123", None),
        ("- / -", None),
        ("", None),
    ],
)
def test_a_city_is_its_letters_in_lower_case(text, written):
    assert is_written("ct", text, written)


@pytest.mark.parametrize(
    ("country", "text", "written"),
    [
        ("US", "CA", "ca"),
        ("US", "california", "ca"),
        ("US", "US-CA", "ca"),
        ("US", "N.Y.", "ny"),
        ("US", "Puerto Rico", "pr"),
        ("US", "District of Columbia", "dc"),
        ("US", "Washington, D.C.", "dc"),
        ("US", "Bayern", None),
        ("US", "zz", None),
        ("US", "", None),
        ("CA", "Québec", "qc"),
        ("CA", "Quebec", "qc"),
        ("CA", "ON", "on"),
        ("CA", "British Columbia", "bc"),
        ("CA", "California", None),
        ("DE", "Bayern", "bayern"),
        ("DE", "Georgia", "georgia"),
        ("DE", "Baden-Württemberg", "badenwürttemberg"),
        ("MX", "CA", "ca"),
        ("FR", "75", "75"),
        (None, "California", "ca"),
        (None, "Bayern", "bayern"),
        (None, "Usak", "usak"),
        (None, "--", None),
    ],
)
def test_a_state_is_a_code_in_north_america_and_a_name_elsewhere(country, text, written):
    assert is_written("st", text, written, country=country)


@pytest.mark.parametrize(
    ("country", "text", "written"),
    [
        ("US", "94035", "94035"),
        ("US", "94035 1234", "94035"),
        ("US", "٩٤٠٣٥", "94035"),
        ("US", "2138", None),
        ("US", "ABCDE", None),
        ("GB", "m1 1ae", "m11ae"),
        ("CA", "K1A 0B1", "k1a0b1"),
        ("PL", "00-950", "00950"),
        ("JP", "１００−０００１", "1000001"),
        ("FR", "69001", "69001"),
        ("IR", "۱۲۳۴۵", "12345"),
        (None, "94035-1234", "940351234"),
        (None, "-", None),
        (None, "", None),
    ],
)
def test_a_postcode_has_no_spaces_and_an_american_one_five_digits(country, text, written):
    assert is_written("zp", text, written, country=country)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        (" User_42 ", "User_42"),
        ("cus_AbC", "cus_AbC"),
        ("0b1f7a5c2d3e4f60718293a4b5c6d7e8", "0b1f7a5c2d3e4f60718293a4b5c6d7e8"),
        ("", None),
        (" \u200b", None),
        ("user\ud800", None),
    ],
)
def test_an_external_id_is_trimmed_and_keeps_its_case(text, written):
    """
    A UUID without its dashes looks like MD5, and Meta's libraries would send it in the open.
    """
    assert is_written("external_id", text, written)


@pytest.mark.parametrize("key", [*HashedCustomer.__dataclass_fields__])
def test_what_is_hashed_already_is_not_hashed_twice(key):
    if key != "ph_e164":
        assert hashed(key, MARY) == (MARY,)
        assert hashed(key, f" {MARY.upper()} ") == (MARY,)


@pytest.mark.parametrize("key", [*HashedCustomer.__dataclass_fields__])
def test_the_hash_of_nothing_is_dropped_though_somebody_else_made_it(key):
    assert hashed(key, HASH_OF_NOTHING) == ()
    assert hashed(key, HASH_OF_NOTHING.upper()) == ()


def test_a_phone_is_hashed_without_its_plus_for_meta_and_with_it_for_google():
    customer = hash_customer({"ph": "+33 6 00 00 00 00"}, country=None, e164=to_e164)

    assert customer.ph == (sha256_hex("33600000000"),)
    assert customer.ph_e164 == (sha256_hex("+33600000000"),)


def test_a_phone_that_arrives_hashed_is_metas():
    customer = hash_customer({"ph": [MARY, "+33600000000"]}, country=None, e164=to_e164)

    assert customer.ph == (MARY, sha256_hex("33600000000"))
    assert customer.ph_e164 == (sha256_hex("+33600000000"),)


def test_a_phone_is_read_in_the_country_it_was_given_with_rather_than_the_guess():
    asked = []

    def e164(raw: str, country: str | None) -> None:
        asked.append((raw, country))

    raw = {"ph": "\u202a0151 23456789\u202c"}
    customer = hash_customer({**raw, "country": "Germany"}, country="US", e164=e164)
    hash_customer(raw, country="us", e164=e164)
    hash_customer(raw, country=None, e164=e164)
    hash_customer({**raw, "country": "Atlantis"}, country="FR", e164=e164)

    assert [country for _, country in asked] == ["DE", "US", None, "FR"]
    assert {text for text, _ in asked} == {"0151 23456789"}
    assert customer.ph == ()
    assert customer.ph_e164 == ()


def test_a_guessed_country_is_not_reported():
    assert hash_customer({}, country="US", e164=plain_e164).is_empty()


def test_a_list_keeps_its_order_and_loses_its_repeats():
    assert hashed("em", ["b@x.io", "A@x.io", "a@x.io", "junk", "b@x.io"]) == (
        sha256_hex("b@x.io"),
        sha256_hex("a@x.io"),
    )


def test_a_list_keeps_its_first_five_values():
    assert hashed("em", [f"{n}@x.io" for n in range(9)]) == tuple(
        sha256_hex(f"{n}@x.io") for n in range(5)
    )


@pytest.mark.parametrize("value", [None, 7, True, 1.5, b"a@x.io", {"a@x.io": 1}, [7, None, [], {}]])
def test_what_is_no_text_is_ignored(value):
    assert hashed("em", value) == ()


def test_an_unknown_key_is_ignored():
    raw = {"em": "a@x.io", "password": "secret", "ph_e164": "+33600000000"}

    assert hash_customer(raw, country=None, e164=plain_e164) == HashedCustomer(
        em=(sha256_hex("a@x.io"),)
    )


def test_one_customer_is_merged_with_another_own_values_first():
    a, b, c = (sha256_hex(text) for text in "abc")
    merged = HashedCustomer(em=(b, a), ge=(c,)).merged_with(HashedCustomer(em=(a, c), fn=(a,)))

    assert merged == HashedCustomer(em=(b, a, c), ge=(c,), fn=(a,))


def test_a_merger_keeps_five_values_and_its_own():
    own = HashedCustomer(em=tuple(sha256_hex(f"own{n}") for n in range(4)))
    other = HashedCustomer(em=tuple(sha256_hex(f"other{n}") for n in range(4)))

    assert own.merged_with(other).em == (*own.em, other.em[0])


def test_merging_with_nobody_changes_nothing():
    own = HashedCustomer(em=(sha256_hex("a"),), ph_e164=(sha256_hex("b"),))

    assert own.merged_with(HashedCustomer()) == own
    assert HashedCustomer().merged_with(own) == own
    assert not own.is_empty()
    assert HashedCustomer().is_empty()


STRIPE_DETAILS = {
    "email": "Ada@Example.com",
    "phone": "+33600000000",
    "name": "Ada Synth",
    "individual_name": None,
    "business_name": None,
    "address": {
        "city": "Lyon",
        "country": "FR",
        "line1": "1 rue Fictive",
        "line2": None,
        "postal_code": "69001",
        "state": None,
    },
    "tax_exempt": "none",
    "tax_ids": [],
}


def test_stripes_customer_is_read_whole():
    assert from_stripe(STRIPE_DETAILS, e164=to_e164) == HashedCustomer(
        em=(sha256_hex("ada@example.com"),),
        ph=(sha256_hex("33600000000"),),
        ph_e164=(sha256_hex("+33600000000"),),
        fn=(sha256_hex("ada"),),
        ln=(sha256_hex("synth"),),
        ct=(sha256_hex("lyon"),),
        zp=(sha256_hex("69001"),),
        country=(sha256_hex("fr"),),
    )


def test_a_national_phone_is_read_in_the_country_of_the_address():
    details = {"phone": "0151 23456789", "address": {"country": "DE"}}

    assert from_stripe(details, e164=to_e164).ph == (sha256_hex("4915123456789"),)
    assert from_stripe({"phone": "0151 23456789"}, e164=to_e164).ph == ()


@pytest.mark.parametrize(
    ("details", "first", "last"),
    [
        ({"name": "Maria de la Cruz"}, "maria", "delacruz"),
        ({"name": "Ada\u00a0\u00a0Synth"}, "ada", "synth"),
        ({"name": "山田　太郎"}, "山田", "太郎"),
        ({"name": "Madonna"}, "madonna", None),
        ({"name": "Ada Synth", "individual_name": "Bob Blank"}, "bob", "blank"),
        ({"name": "Ada Synth", "individual_name": " "}, "ada", "synth"),
        ({"name": "Synth Ltd", "business_name": "Synth Ltd"}, None, None),
        ({"name": "\u200b"}, None, None),
        ({"name": None}, None, None),
        ({"name": 7}, None, None),
    ],
)
def test_a_name_is_split_after_its_first_word(details, first, last):
    customer = from_stripe(details, e164=plain_e164)

    assert customer.fn == (() if first is None else (sha256_hex(first),))
    assert customer.ln == (() if last is None else (sha256_hex(last),))


@pytest.mark.parametrize("details", [None, {}, {"address": None}, {"address": "x", "email": 7}])
def test_a_customer_whom_stripe_does_not_know_is_empty(details):
    assert from_stripe(details, e164=plain_e164).is_empty()
