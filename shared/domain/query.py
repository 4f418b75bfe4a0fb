"""The query string of an address, read as the browser that wrote it meant it."""

from functools import lru_cache
from urllib.parse import parse_qsl


@lru_cache(maxsize=256)
def parameters_of(url: str | None) -> tuple[tuple[str, str], ...]:
    """
    Read the parameters in order, decoded exactly once; an address without any has none.

    Cut by hand: urlsplit raises on some junk, and mends what it should refuse by dropping
    tabs and line breaks.
    """
    before_fragment, _, _ = (url or "").partition("#")
    _, _, query = before_fragment.partition("?")
    return tuple(parse_qsl(query))
