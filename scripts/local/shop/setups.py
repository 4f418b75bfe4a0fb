"""
Setups: the ways in which shops load the Pixel and ask for consent, on one shop's pages.

Three cookies choose: `shop_pixel` own, load or none; `shop_consent_by` api, consent_mode or tcf;
`shop_csp` strict. Without them the page holds Meta's own snippet and tells the tag by its API.
"""

import html
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from string import Template
from typing import Final

_HEAD: Final = Path(__file__).parent / "head"
_PIXELS: Final = ("own", "load", "none")
_CONSENT_BY: Final = ("api", "consent_mode", "tcf")
# What the README asks of a shop with a strict policy: nothing inline, and Meta's two hosts.
_STRICT: Final = (
    "default-src 'self'; script-src 'self' https://connect.facebook.net; "
    "connect-src 'self' https://www.facebook.com; img-src 'self' data: https://www.facebook.com"
)


@dataclass(frozen=True, slots=True)
class Setup:
    """How this visitor's copy of the shop was put together."""

    pixel: str = "own"
    consent_by: str = "api"
    strict: bool = False

    def script(self, dataset: str, pixel_url: str) -> str:
        """Write what runs before the tag."""
        names = [f"pixel_{self.pixel}", f"consent_{self.consent_by}", "settled"]
        parts = [_HEAD / f"{name}.js" for name in names]
        texts = [part.read_text(encoding="utf-8") for part in parts if part.exists()]
        return Template("".join(texts)).substitute(dataset=dataset, pixel_url=pixel_url)

    def in_head(self, dataset: str, pixel_url: str) -> str:
        """Give the script inline, as most shops have it, or by its address."""
        if self.strict:
            return '<script src="/head.js"></script>'
        return f"<script>\n{self.script(dataset, pixel_url)}</script>"

    @property
    def tag_attributes(self) -> str:
        return "" if self.pixel == "own" else f' data-pixel="{html.escape(self.pixel)}"'

    @property
    def headers(self) -> Mapping[str, str]:
        return {"Content-Security-Policy": _STRICT} if self.strict else {}


def setup_of(cookies: str) -> Setup:
    """Read the Cookie header; a word that is not ours counts as none."""
    try:
        found = {name: morsel.value for name, morsel in SimpleCookie(cookies).items()}
    except CookieError:
        return Setup()
    pixel, consent_by = found.get("shop_pixel", ""), found.get("shop_consent_by", "")
    return Setup(
        pixel=pixel if pixel in _PIXELS else "own",
        consent_by=consent_by if consent_by in _CONSENT_BY else "api",
        strict=found.get("shop_csp") == "strict",
    )
