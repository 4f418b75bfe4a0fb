"""The routes a shop's server meets: Stripe's REST API below /v1."""

import base64
import binascii
import threading
from collections.abc import Callable, Mapping

from scripts.local.http_messages import Answer, Request, Response, Route
from scripts.local.stripe.checkout import Checkout
from scripts.local.stripe.errors import ApiError, no_key, unknown_url, wrong_key
from scripts.local.stripe.expanding import Expander
from scripts.local.stripe.faults import ApiFaults
from scripts.local.stripe.forms import Params, decode
from scripts.local.stripe.ids import new_id
from scripts.local.stripe.listing import RESOURCES, Resource, list_page
from scripts.local.stripe.objects import API_VERSION, JsonObject
from scripts.local.stripe.store import Store
from scripts.local.stripe.writes import Call

_LINE_ITEMS = Resource("item", "/v1/checkout/sessions/{id}/line_items", frozenset())


class Api:
    def __init__(
        self,
        store: Store,
        checkout: Checkout,
        writes: Mapping[str, Call],
        faults: ApiFaults,
        *,
        api_key: str | None,
    ) -> None:
        """With an `api_key` every other key is refused; without one any will do."""
        self._store = store
        self._checkout = checkout
        self._writes = writes
        self._faults = faults
        self._api_key = api_key
        self._expander = Expander(store, checkout.line_items)
        # Stripe answers a repeated Idempotency-Key with what it answered first.
        self._answered: dict[str, tuple[bytes, Response]] = {}
        self._writing = threading.Lock()

    def routes(self) -> list[Route]:
        routes = [self._write(pattern, call) for pattern, call in self._writes.items()]
        routes.append(self._read(_LINE_ITEMS.url, self._list_line_items))
        for of in RESOURCES:
            routes += [
                self._read(of.url, self._lister(of)),
                self._read(of.url + "/{id}", self._getter(of)),
            ]
        return routes

    def _lister(self, of: Resource) -> Call:
        def call(_: Request, params: Params) -> JsonObject:
            return list_page(of, lambda fits: self._store.newest_first(of.kind, fits), params)

        return call

    def _getter(self, of: Resource) -> Call:
        def call(request: Request, _: Params) -> JsonObject:
            return self._store.get(of.kind, request.parameters["id"])

        return call

    def _list_line_items(self, request: Request, params: Params) -> JsonObject:
        line_items = self._checkout.line_items(request.parameters["id"])
        page = list_page(_LINE_ITEMS, lambda fits: list(filter(fits, line_items)), params)
        return page | {"url": request.path}

    def _read(self, pattern: str, call: Call) -> Route:
        return self._route("GET", pattern, lambda request: self._answer(request, call))

    def _write(self, pattern: str, call: Call) -> Route:
        return self._route("POST", pattern, lambda request: self._answer_once(request, call))

    def _route(self, method: str, pattern: str, answer: Callable[[Request], Response]) -> Route:
        # A fault comes before everything else, and no Idempotency-Key remembers it.
        return Route(
            method, pattern, lambda request: self._faults.take(request.path) or answer(request)
        )

    def _answer(self, request: Request, call: Call) -> Response:
        try:
            self._check_key(request)
            pairs = request.query_pairs if request.method == "GET" else request.form_pairs
            params = decode(pairs)
            return _said(self._expander.expanded(call(request, params), params))
        except ApiError as error:
            return _said(error.body(), error.status)

    def _answer_once(self, request: Request, call: Call) -> Response:
        key = request.headers.get("Idempotency-Key")
        if not key:
            return self._answer(request, call)
        with self._writing:
            body, answered = self._answered.get(key, (request.body, None))
            if body != request.body:
                return _said(_key_used_otherwise().body(), 400)
            answered = answered or self._answer(request, call)
            # A refusal for want of a key is none that Stripe would remember.
            if answered.status != 401:  # noqa: PLR2004  HTTP's number for it.
                self._answered[key] = (body, answered)
        return answered

    def _check_key(self, request: Request) -> None:
        """Take a Bearer key, or Basic with the key as the user, as Stripe does."""
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        key = _user_of(given) if scheme.lower() == "basic" else given.strip()
        if not key:
            raise no_key()
        if self._api_key is not None and key != self._api_key:
            raise wrong_key(key)


def unknown(request: Request) -> Answer:
    error = unknown_url(request.method, request.path)
    return _said(error.body(), error.status)


def _user_of(credentials: str) -> str:
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _key_used_otherwise() -> ApiError:
    return ApiError(
        "Keys for idempotent requests can only be used with the same parameters they were "
        "first used with.",
        kind="idempotency_error",
    )


def _said(document: JsonObject, status: int = 200) -> Response:
    headers = {"Request-Id": new_id("req", 14), "Stripe-Version": API_VERSION}
    return Response.of_json(document, status, headers)
