"""The shop: what each address answers."""

from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie

from scripts.local.http_server import Request, Response, Route
from scripts.local.shop import catalogue
from scripts.local.shop.checkout import CheckoutError, Stripe
from scripts.local.shop.pages import Pages, static_file
from scripts.local.shop.proxy import pass_on
from scripts.local.shop.side_by_side import ReceiptsError, events_of, read_receipts

_CART = "shop_cart"
_FIRST_PARTY = "/s"


@dataclass(frozen=True, slots=True)
class Shop:
    """Sells the mug; `collect` and `meta` are addresses without a trailing slash."""

    pages: Pages
    collect: str
    meta: str
    stripe: Stripe

    def routes(self) -> list[Route]:
        return [
            Route("GET", "/", self.product),
            Route("GET", "/cart", self.cart),
            Route("POST", "/cart", self.add_to_cart),
            Route("GET", "/checkout", self.checkout),
            Route("POST", "/checkout", self.pay),
            Route("GET", "/thanks", self.thanks),
            Route("GET", "/side-by-side", self.side_by_side),
            Route("GET", "/head.js", self.pages.head_script),
            Route("GET", "/shop.css", lambda _: static_file("shop.css", "text/css")),
            Route("GET", "/shop.js", lambda _: static_file("shop.js", "text/javascript")),
            Route("GET", "/pixel.js", lambda _: static_file("pixel.js", "text/javascript")),
        ]

    def otherwise(self, request: Request) -> Response:
        """Hand everything below /s/ to collect, as a load balancer would."""
        if request.path.startswith(f"{_FIRST_PARTY}/"):
            return pass_on(request, to=self.collect, prefix=_FIRST_PARTY)
        return self._away(request, "This shop has no such page.", 404)

    def product(self, request: Request) -> Response:
        return self.pages.render(
            "product",
            request,
            title=catalogue.NAME,
            quantity=_in_cart(request),
            price=catalogue.price_of(1),
            behind="Once you accept, the tag sends PageView and ViewContent to "
            "<code>/s/events</code>, and the Pixel says the same under the same event_id. "
            "Until then both hold their tongues.",
        )

    def cart(self, request: Request) -> Response:
        quantity = _in_cart(request)
        return self.pages.render(
            "cart" if quantity else "empty",
            request,
            title="Cart",
            quantity=quantity,
            total=catalogue.price_of(quantity),
            behind="AddToCart left with the page before this one; a request with "
            "<code>keepalive</code> outlives its page.",
        )

    def add_to_cart(self, request: Request) -> Response:
        quantity = _in_cart(request) + 1
        headers = {
            "Location": "/cart",
            "Set-Cookie": f"{_CART}={quantity}; Path=/; HttpOnly; SameSite=Lax",
        }
        return Response(303, headers=headers)

    def checkout(self, request: Request) -> Response:
        quantity = _in_cart(request)
        if not quantity:
            return Response.redirect("/cart")
        return self.pages.render(
            "checkout",
            request,
            title="Checkout",
            quantity=quantity,
            total=catalogue.price_of(quantity),
            behind="The tag put your session into this form. The shop's server hands it to Stripe "
            "as <code>client_reference_id</code>, and Stripe to the webhook.",
        )

    def pay(self, request: Request) -> Response:
        session_id = dict(request.form_pairs).get("settled_session") or None
        shop = f"http://{request.headers.get('Host', '')}"
        try:
            page = self.stripe.hosted_page(shop, max(_in_cart(request), 1), session_id)
        except CheckoutError:
            return self._away(request, "Stripe does not answer; your cart is kept.", 502)
        return Response.redirect(page)

    def thanks(self, request: Request) -> Response:
        return self.pages.render(
            "thanks",
            request,
            title="Thank you",
            quantity=_in_cart(request),
            behind="This page proves nothing, so it reports nothing. The tag asks "
            "<code>/s/release</code> until Stripe's webhook has proved the money; then the Pixel "
            "says Purchase, once, under the ledger's event_id.",
        )

    def side_by_side(self, request: Request) -> Response:
        try:
            receipts = read_receipts(self.meta)
        except ReceiptsError:
            return self._away(request, "Meta's stand-in does not answer.", 502)
        return self.pages.render(
            "side_by_side",
            request,
            title="Side by side",
            quantity=_in_cart(request),
            events=events_of(receipts),
            behind="The stand-in of Meta keeps a receipt of everything it hears, from either side.",
        )

    def _away(self, request: Request, reason: str, status: int) -> Response:
        return self.pages.render(
            "away",
            request,
            title="Not now",
            status=status,
            reason=reason,
            behind="Nothing; that is the trouble.",
        )


def _in_cart(request: Request) -> int:
    try:
        morsel = SimpleCookie(request.headers.get("Cookie", "")).get(_CART)
    except CookieError:
        return 0
    return int(morsel.value) if morsel is not None and morsel.value.isdecimal() else 0
