"""The shop's pages: a template each, in one layout."""

import html
from dataclasses import dataclass, replace
from pathlib import Path
from string import Template
from urllib.parse import quote

from scripts.local.http_server import Request, Response
from scripts.local.shop.setups import setup_of

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
        request: Request,
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
        setup = setup_of(request.headers.get("Cookie", ""))
        content = _template(name).substitute(values, quantity=quantity)
        page = _template("layout").substitute(
            title=html.escape(title),
            behind=behind,
            content=content,
            quantity=quantity,
            dataset=html.escape(self.dataset),
            head=setup.in_head(self.dataset, self.pixel_url),
            tag_attributes=setup.tag_attributes,
            consent_by=setup.consent_by,
        )
        answer = Response.of_html(page, status)
        return replace(answer, headers={**answer.headers, **setup.headers})

    def head_script(self, request: Request) -> Response:
        """Serve what stands in the head, for pages that forbid scripts in themselves."""
        script = setup_of(request.headers.get("Cookie", "")).script(self.dataset, self.pixel_url)
        return Response(body=script.encode(), headers={"Content-Type": "text/javascript"})


def stand_in_pixel(meta: str) -> str:
    """Name the stand-in of fbevents.js, which learns from its own address whom to tell."""
    return f"/pixel.js?meta={quote(meta, safe='')}"
