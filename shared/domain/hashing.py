"""SHA-256 as Meta and Google want it: 64 lower-case hex digits of the UTF-8 bytes."""

import re
from hashlib import sha256
from typing import Final, NewType

Hashed = NewType("Hashed", str)

# MD5's 32 digits do not count: a UUID without its dashes looks the same.
_HASHED: Final = re.compile(r"[0-9a-fA-F]{64}")


def sha256_hex(text: str) -> Hashed:
    """
    Hash text.

    Raises UnicodeEncodeError for a lone surrogate, which has no UTF-8 form.
    """
    return Hashed(sha256(text.encode()).hexdigest())


def is_hashed(text: str) -> bool:
    """Tell whether text is a SHA-256 already, in either case; it must not be hashed again."""
    return _HASHED.fullmatch(text) is not None
