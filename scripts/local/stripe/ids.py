"""Names in Stripe's manner: a prefix that tells the kind, then letters and digits."""

import itertools
import secrets
import string
from typing import Protocol

_ALPHABET = string.ascii_letters + string.digits


class Ids(Protocol):
    """Where new ids come from, so that a test can know them beforehand."""

    def __call__(self, prefix: str, length: int = 24) -> str:
        """Give an id that was never given before, with so many characters after `_`."""
        ...


def new_id(prefix: str, length: int = 24) -> str:
    return f"{prefix}_" + "".join(secrets.choice(_ALPHABET) for _ in range(length))


def counted_ids(start: int = 1) -> Ids:
    """Count the ids up, whatever their kind: the same story gets the same ids again."""
    numbers = itertools.count(start)

    def counted(prefix: str, length: int = 24) -> str:
        return f"{prefix}_{next(numbers):0{length}d}"

    return counted


def checkout_session_id(ids: Ids, *, livemode: bool) -> str:
    return ids("cs_live_a1" if livemode else "cs_test_a1", 56).replace("a1_", "a1", 1)
