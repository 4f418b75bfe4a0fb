"""Stripe's signature, checked by Stripe's own library on the raw bytes."""

import re
import time
from collections.abc import Sequence

import stripe

from shared.usecases.ports.stripe import Proof

# Seconds; Stripe's recommendation. The library's own default here is no check of age at all.
TOLERANCE = 300
# Longer headers, or such with other characters, are nobody's signature; a non-ASCII `v1`
# would make the library raise a TypeError before it has authenticated anybody.
_HEADER = re.compile(r"[\x21-\x7e]{1,1024}", re.ASCII)
_TIMESTAMP = re.compile(r"(?:^|,)t=(\d{1,12})(?:,|$)", re.ASCII)


def verify(body: bytes, header: str | None, secrets: Sequence[str]) -> Proof:
    """
    Check the body against each live secret; two may be live while one is rotated.

    EXPIRED is said only of a signature that is right but older (or newer) than TOLERANCE.
    """
    if header is None or not _HEADER.fullmatch(header):
        return Proof.BAD
    if not any(_is_signed(body, header, secret) for secret in secrets):
        return Proof.BAD
    stamped = _TIMESTAMP.search(header)
    if stamped is None or abs(time.time() - int(stamped[1])) > TOLERANCE:
        return Proof.EXPIRED
    return Proof.GOOD


def _is_signed(body: bytes, header: str, secret: str) -> bool:
    try:
        # Without a tolerance: age is judged above, on both sides of now.
        return bool(stripe.WebhookSignature.verify_header(body, header, secret, tolerance=None))
    except (stripe.SignatureVerificationError, ValueError, TypeError):
        return False
