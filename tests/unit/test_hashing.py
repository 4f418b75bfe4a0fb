"""SHA-256 in the form that Meta takes."""

import pytest

from shared.domain.hashing import is_hashed, sha256_hex

MARY = "6915771be1c5aa0c886870b6951b03d7eafc121fea0e80a5ea83beb7c449f4ec"


def test_text_is_hashed_as_utf_8_in_lower_case_hex():
    assert sha256_hex("mary") == MARY
    assert sha256_hex("정") == "8fa8cd9c440be61d0151429310034083132b35975c4bea67fdd74158eb51db14"


def test_a_hash_is_recognised_in_either_case():
    assert is_hashed(MARY)
    assert is_hashed(MARY.upper())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mary",
        MARY[:-1],
        MARY + "0",
        MARY + "\n",
        " " + MARY,
        MARY[:-1] + "g",
        "٠" * 64,
        "5f4dcc3b5aa765d61d8327deb882cf99",  # MD5, or a UUID without its dashes.
    ],
)
def test_nothing_else_counts_as_hashed(text):
    assert not is_hashed(text)


def test_what_has_no_utf_8_form_cannot_be_hashed():
    with pytest.raises(UnicodeEncodeError):
        sha256_hex("\ud800")
