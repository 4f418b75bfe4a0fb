"""`collect` over HTTP: tag.js, events and release, for pages of the shop's own origins."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol

from starlette.requests import ClientDisconnect, Request, cookie_parser
from starlette.responses import Response

from shared.domain.bots import bot_of
from shared.domain.customer import E164
from shared.domain.refusals import Refusal
from shared.http.answers import refusal_of
from shared.http.asked import Asked, asked_of
from shared.http.bodies import read_json
from shared.http.browser_requests import Caller, caller_of, read_batch, visit_of
from shared.http.collect_answers import (
    Holder,
    add_header,
    all_refused,
    caller_refuses,
    collected_answer,
    dropped_bot,
    preflight,
    refused,
)
from shared.http.cookies import cookie_domain, host_of, subdomain_index
from shared.logs import Line
from shared.usecases.collect_events import Arrival, CollectEvents
from shared.usecases.ports.errors import PortError

if TYPE_CHECKING:
    from shared.domain.releases import ReleaseAnswer

_MOST_BYTES = 64 * 1024
_AN_HOUR = "3600"


class ReleasePurchase(Protocol):
    """The use case of that name, which is loaded with the first release that is asked for."""

    async def __call__(
        self, session_id: str | None, *, checkout_session_id: str | None, now: datetime
    ) -> "ReleaseAnswer": ...


@dataclass(frozen=True, slots=True)
class CollectEndpoint:
    """Everything that `collect` needs to answer; made once by wiring."""

    collect: CollectEvents
    release: ReleasePurchase
    scripts: Mapping[str, bytes]
    origins: frozenset[str]
    trusted_hops: int
    cookie_domain: str | None
    project: str
    e164: E164
    clock: Callable[[], datetime]

    async def __call__(self, request: Request) -> Response:
        """Answer one request and write its one line, whatever happens."""
        asked = asked_of(request)
        line = Line(
            asked.headers,
            self.project,
            function="collect",
            method=request.method,
            path=asked.route if asked.route in _ROUTES else "other",
        )
        try:
            response = await self._answer(asked, line)
        except ClientDisconnect:
            response = refused(Refusal.UNREADABLE, line)
        except PortError as error:
            line.warn()
            line.note(exception=str(error))
            response = refused(refusal_of(error), line)
            response.headers["Retry-After"] = "1"
        except Exception as error:  # noqa: BLE001  The last line before the framework's own 500.
            line.crashed(error)
            response = refused(Refusal.INTERNAL, line)
        self._allow(asked, response)
        line.note(status=response.status_code)
        line.write("collect")
        return response

    async def _answer(self, asked: Asked, line: Line) -> Response:
        answer, called = _ROUTES.get(asked.route), asked.request.method
        if answer is None:
            return refused(Refusal.NOT_FOUND, line)
        if called == "OPTIONS":
            return preflight()
        method, respond = answer
        if called != method and (called, method) != ("HEAD", "GET"):
            response = refused(Refusal.METHOD_NOT_ALLOWED, line)
            response.headers["Allow"] = f"{method}, OPTIONS"
            return response
        return await respond(self, asked, line)

    async def serve_script(self, asked: Asked, line: Line) -> Response:
        """Serve tag.js or a part of it; an hour in caches, then asked for again by its ETag."""
        script = self.scripts.get(asked.route)
        if script is None:
            return refused(Refusal.NOT_FOUND, line)
        # Weak (RFC 9110, section 8.8.1): what travels compressed is the same script.
        etag = f'"{sha256(script).hexdigest()[:16]}"'
        headers = {
            "ETag": f"W/{etag}",
            "Vary": "Accept-Encoding",
            "Cache-Control": f"public, max-age={_AN_HOUR}",
            "Cross-Origin-Resource-Policy": "cross-origin",
        }
        if etag in asked.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        line.note(outcome="tag")
        if "gzip" in asked.headers.get("accept-encoding", ""):
            script, headers["Content-Encoding"] = _gzipped(script), "gzip"
        return Response(script, media_type="text/javascript", headers=headers)

    async def take_events(self, asked: Asked, line: Line) -> Response:
        """Refuse by name, or hand over to the use case and set what it says."""
        body = await self._read(asked)
        if isinstance(body, Refusal):
            return refused(body, line)
        now, host = self.clock(), host_of(asked.headers.get("host"))
        domain = self.cookie_domain or cookie_domain(host)
        caller = self._caller(asked, domain)
        batch = read_batch(body, caller, now=now, e164=self.e164)
        if isinstance(batch, Refusal):
            return refused(batch, line)
        line.note(events=len(batch.events), refused=[event.error for event in batch.refused])
        if not batch.events and batch.refused and not caller_refuses(batch):
            return all_refused(batch, line)
        if (bot := bot_of(caller.user_agent)) and not caller_refuses(batch):
            return dropped_bot(bot, line)
        visit = visit_of(batch, caller, now=now, random=_random_fbp)
        arrival = Arrival(events=batch.events, visit=visit, cookie=caller.cookie)
        collected = await self.collect(arrival, new_session_id=_random_session_id, now=now)
        return collected_answer(collected, batch, Holder(arrival, caller, host, domain), line)

    async def answer_release(self, asked: Asked, line: Line) -> Response:
        """Answer for the session in the cookie, and for no other, whatever the body says."""
        from shared.http.release_answer import NO_CONSENT, release_answer  # noqa: PLC0415

        body = await self._read(asked, empty_is_fine=True)
        if isinstance(body, Refusal):
            return refused(body, line)
        checkout = body.get("checkout_session_id") if isinstance(body, dict) else None
        caller = self._caller(asked, None)
        if caller.refuses_by_gpc:
            return release_answer(NO_CONSENT, line)
        cookie = caller.cookie
        answer = await self.release(
            cookie.session_id if cookie else None,
            # What is no id of Stripe's names no purchase; it must not stand for any purchase.
            checkout_session_id=None if checkout is None else str(checkout)[:255],
            now=self.clock(),
        )
        return release_answer(answer, line)

    async def _read(self, asked: Asked, *, empty_is_fine: bool = False) -> object | Refusal:
        """Check who asks before reading what, and stop reading at the limit."""
        if asked.headers.get("origin", "").lower() not in self.origins:
            return Refusal.ORIGIN_NOT_ALLOWED
        declared = asked.headers.get("content-length", "")
        if declared.isascii() and declared.isdigit() and int(declared[:12]) > _MOST_BYTES:
            return Refusal.TOO_BIG
        body, is_whole = b"", False
        while not is_whole:
            message = await asked.request.receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            body += message.get("body", b"")
            if len(body) > _MOST_BYTES:
                return Refusal.TOO_BIG
            is_whole = not message.get("more_body", False)
        if empty_is_fine and not body:
            return {}
        return read_json(body)

    def _caller(self, asked: Asked, domain: str | None) -> Caller:
        peer = asked.request.client
        return caller_of(
            asked.headers,
            # One line: HTTP/2's several are joined on the way to HTTP/1.1 (RFC 9113, 8.2.3).
            cookie_parser(asked.headers.get("cookie", "")),
            peer.host if peer else None,
            trusted_hops=self.trusted_hops,
            subdomain_index=subdomain_index(domain),
        )

    def _allow(self, asked: Asked, response: Response) -> None:
        """Let the shop's pages read the answer (CORS); any other page sees nothing of it."""
        origin = asked.headers.get("origin", "")
        add_header(response, b"vary", "Origin")
        if origin.lower() in self.origins:
            add_header(response, b"access-control-allow-origin", origin)
            response.raw_headers.extend(_READABLE)


_READABLE = (
    (b"access-control-allow-credentials", b"true"),
    (b"access-control-expose-headers", b"Settled-Session, Settled-Dropped"),
)


@lru_cache(maxsize=8)
def _gzipped(script: bytes) -> bytes:
    """Compress once; neither Cloud Run nor every CDN does it on the way."""
    from gzip import compress  # noqa: PLC0415

    return compress(script, mtime=0)


def _random_fbp() -> int:
    return secrets.randbelow(2**31)


def _random_session_id() -> str:
    return f"s_{secrets.token_urlsafe(16)}"


Respond = Callable[[CollectEndpoint, Asked, Line], Awaitable[Response]]
_ROUTES: dict[str, tuple[str, Respond]] = {
    "tag.js": ("GET", CollectEndpoint.serve_script),
    "tag_identity.js": ("GET", CollectEndpoint.serve_script),
    "tag_commerce.js": ("GET", CollectEndpoint.serve_script),
    "events": ("POST", CollectEndpoint.take_events),
    "release": ("POST", CollectEndpoint.answer_release),
}
