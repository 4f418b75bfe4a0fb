"""Reading the environment: one setting at a time, named when it is missing or malformed."""

from collections.abc import Callable, Mapping
from typing import TypeVar

Env = Mapping[str, str]
T = TypeVar("T")


class SettingError(Exception):
    """A setting is missing or malformed; the message names it and never quotes it."""


def parsed(env: Env, name: str, parse: Callable[[str], T], default: str | None = None) -> T:
    """Read one setting; an empty one counts as absent."""
    text = env.get(name, "").strip() or default
    try:
        return parse(text or "")
    except ValueError as error:
        # Never the value: it may be a secret put in the wrong place.
        wrong = "missing" if text is None else "malformed"
        raise SettingError(f"{name} is {wrong}; {error}") from None


def optional(env: Env, name: str, parse: Callable[[str], T]) -> T | None:
    """Read a setting that may be absent."""
    return parsed(env, name, parse) if env.get(name, "").strip() else None
