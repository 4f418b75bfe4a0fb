"""The shop's pages: a template each, in one layout."""

import html
from dataclasses import dataclass
from pathlib import Path
from string import Template
from urllib.parse import quote

from scripts.local.http_server import Response

_HERE = Path(__file__).parent


def static_file(name: str, media_type: str) -> Response:
    """Read it anew each time, so that an edit shows on reload."""
    body = (_HERE / "static" / name).read_bytes()
    return Response(body=body, headers={"Content-Type": media_type, "Cache-Control": "no-cache"})


def _template(name: str) -> Template:
    return Template((_HERE / "pages" / f"{name}.html").read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class Pages:
    """Renders pages that carry the Pixel of one dataset and the tag."""

    dataset: str
    pixel_url: str

    def render(
        self,
        name: str,
        *,
        title: str,
        behind: str,
        quantity: int = 0,
        status: int = 200,
        **values: str,
    ) -> Response:
        """
        Fill a page and put it into the layout; `behind` says what happens behind it.

        `values` are HTML already: whoever gives text from outside escapes it.
        """
        content = _template(name).substitute(values, quantity=quantity)
        page = _template("layout").substitute(
            title=html.escape(title),
            behind=behind,
            content=content,
            quantity=quantity,
            dataset=html.escape(self.dataset),
            pixel_url=self.pixel_url,
        )
        return Response.of_html(page, status)


def stand_in_pixel(meta: str) -> str:
    """Name the stand-in of fbevents.js, which learns from its own address whom to tell."""
    return f"/pixel.js?meta={quote(meta, safe='')}"
