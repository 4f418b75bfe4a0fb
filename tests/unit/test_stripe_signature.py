"""Stripe's signature: the library's own vector, rotation, age, and every malformed header."""

import time

import pytest
import stripe

from shared.adapters.stripe_signature import TOLERANCE, verify
from shared.usecases.ports.stripe import Proof

SECRET = "whsec_abc"
BODY = b'{"a":1}'


def signed(body: bytes = BODY, secret: str = SECRET, at: float | None = None) -> str:
    return stripe.WebhookSignature.generate_signature_header(
        body.decode(), secret, timestamp=int(at or time.time())
    )


def test_the_published_vector_is_right_but_expired():
    header = "t=1700000000,v1=3b843bacfb18cc5554542fdcc84d815b399c52758e508a6fcecf0a2af4efea2b"

    assert verify(BODY, header, [SECRET]) is Proof.EXPIRED
    assert verify(BODY + b" ", header, [SECRET]) is Proof.BAD


def test_a_fresh_signature_is_good():
    assert verify(BODY, signed(), [SECRET]) is Proof.GOOD


def test_any_of_the_live_secrets_is_enough():
    assert verify(BODY, signed(secret="whsec_new"), ["whsec_old", "whsec_new"]) is Proof.GOOD
    assert verify(BODY, signed(secret="whsec_gone"), ["whsec_old", "whsec_new"]) is Proof.BAD


def test_no_secret_proves_nothing():
    assert verify(BODY, signed(), []) is Proof.BAD
    assert verify(BODY, signed(secret="x"), [""]) is Proof.BAD


@pytest.mark.parametrize(
    ("age", "proved"),
    [
        (TOLERANCE - 10, Proof.GOOD),
        (TOLERANCE + 10, Proof.EXPIRED),
        (-TOLERANCE + 10, Proof.GOOD),
        (-TOLERANCE - 10, Proof.EXPIRED),
    ],
)
def test_a_signature_is_good_for_five_minutes_on_both_sides_of_now(age, proved):
    assert verify(BODY, signed(at=time.time() - age), [SECRET]) is proved


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "x",
        "t=1",
        "v1=abc",
        "t=abc,v1=def",
        "t=1,v1=\u00e9",
        "t=1,v0=" + "0" * 64,
        "t=1, v1=abc",
        "t=1,v1=" + "0" * 2_000,
        "t=,v1=",
        "t=1,v1=\n",
        ",,,",
        "t=1,t=2,v1=x",
    ],
)
def test_a_malformed_header_is_bad_and_never_an_exception(header):
    assert verify(BODY, header, [SECRET]) is Proof.BAD


def test_a_body_that_is_no_text_is_bad_and_never_an_exception():
    assert verify(b"\xff\xfe", signed(), [SECRET]) is Proof.BAD
