"""Hashes of personal data, as Meta wants them: SHA-256, lower-case hex, of UTF-8."""

import re
from hashlib import sha256
from typing import NewType

Hashed = NewType("Hashed", str)

_HEX = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)


def sha256_hex(text: str) -> Hashed:
    return Hashed(sha256(text.encode()).hexdigest())


def is_hashed(text: str) -> bool:
    return _HEX.fullmatch(text) is not None
