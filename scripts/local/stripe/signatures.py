"""
Stripe's webhook signature, computed apart from Stripe's own library.

The scheme: HMAC-SHA256 over `<seconds>.<raw body>`, keyed with the whole secret (`whsec_` and
all), as `t=<seconds>,v1=<hex>`. While a secret is rolled, one `v1` for each that is active.
"""

import hashlib
import hmac
from collections.abc import Sequence


def signature_header(body: bytes, secrets: Sequence[str], at: int) -> str:
    """Sign the bytes that will be posted; `at` is in Unix seconds."""
    signed = str(at).encode() + b"." + body
    macs = (hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets)
    return f"t={at}," + ",".join(f"v1={mac}" for mac in macs)
