"""What `collect` answers: status, cookies and headers for each outcome."""

from dataclasses import dataclass

from starlette.responses import Response

from shared.domain.refusals import Refusal
from shared.http.answers import JSON_TYPE, as_json, refusal_body, status_of
from shared.http.browser_requests import Batch, Caller
from shared.http.cookies import (
    FBC_COOKIE,
    FBP_COOKIE,
    SESSION_COOKIE,
    cleared_cookies,
    pixel_cookie,
    session_cookie,
)
from shared.logs import Line
from shared.usecases.collect_events import Arrival, Collected, Dropped, Forgotten, Kept

SESSION_HEADER = b"settled-session"
DROPPED_HEADER = b"settled-dropped"


@dataclass(frozen=True, slots=True)
class Holder:
    """Who will hold the cookies: what came with the request, and the host it was sent to."""

    arrival: Arrival
    caller: Caller
    host: str
    domain: str | None


def refused(refusal: Refusal, line: Line, **more: object) -> Response:
    line.note(error=refusal)
    return json_answer({**refusal_body(refusal), **more}, status_of(refusal))


def all_refused(batch: Batch, line: Line) -> Response:
    """
    Nothing was taken: the status speaks for the batch, the list for each event.

    A forged Purchase decides the status even among other mistakes.
    """
    errors = [event.error for event in batch.refused]
    forged = Refusal.PURCHASE_IS_SERVER_ONLY
    return refused(forged if forged in errors else errors[0], line, refused=_listed(batch))


def caller_refuses(batch: Batch) -> bool:
    """Tell whether the request says no; that is heard even where no event of it was any good."""
    return batch.consent is not None and not batch.consent.lets_us_store


def dropped_bot(bot: str, line: Line) -> Response:
    """Keep and tell nothing of a visitor that is a machine by its own word."""
    line.note(dropped=Dropped.BOT, bot=bot)
    response = Response(status_code=204)
    add_header(response, DROPPED_HEADER, Dropped.BOT)
    return response


def collected_answer(collected: Collected, batch: Batch, holder: Holder, line: Line) -> Response:
    """204, or 200 with the list of what was refused among the good ones."""
    response = _base_answer(collected, batch, line)
    match collected:
        case Kept():
            line.note(queued=collected.queued, session_written=collected.session_written)
            add_header(response, SESSION_HEADER, collected.cookie.session_id)
            _set_cookies(response, collected, holder)
            dropped = collected.dropped
            if collected.shed:
                line.warn()
                line.note(shed=collected.shed)
        case Forgotten(session_id=session_id):
            dropped = Dropped.NO_CONSENT
            # Meta's cookies alone may be left of a session, or be the Pixel's: who said no to
            # storage has none of them.
            if session_id is not None or (caller_refuses(batch) and _holds_ours(holder.caller)):
                for cookie in cleared_cookies(holder.host, holder.domain):
                    add_header(response, b"set-cookie", cookie)
    if dropped is not None:
        line.note(dropped=dropped)
        add_header(response, DROPPED_HEADER, dropped)
    return response


def _holds_ours(caller: Caller) -> bool:
    return not caller.cookies.keys().isdisjoint((SESSION_COOKIE, FBP_COOKIE, FBC_COOKIE))


def _base_answer(collected: Collected, batch: Batch, line: Line) -> Response:
    """Say what became of the events; cookies and session are added to it."""
    if isinstance(collected, Kept) and collected.queue_is_away:
        line.warn()
        response = refused(Refusal.QUEUE_AWAY, line)
        response.headers["Retry-After"] = "1"
        return response
    if batch.refused and not batch.events:
        return all_refused(batch, line)
    if batch.refused:
        return json_answer({"refused": _listed(batch)})
    return Response(status_code=204)


def _set_cookies(response: Response, kept: Kept, holder: Holder) -> None:
    """Set the session's cookie; Meta's own only where they are missing or a new click came."""
    host, domain, visit = holder.host, holder.domain, holder.arrival.visit
    cookies = [session_cookie(kept.cookie.text, host, domain)]
    for name, text in ((FBP_COOKIE, visit.fbp), (FBC_COOKIE, visit.fbc)):
        if text is not None and holder.caller.cookies.get(name) != text:
            cookies.append(pixel_cookie(name, text, host, domain))
    for cookie in cookies:
        add_header(response, b"set-cookie", cookie)


def add_header(response: Response, name: bytes, text: str) -> None:
    """Append a header as it travels: setting one would look through all others first."""
    response.raw_headers.append((name, text.encode("latin-1")))


def preflight() -> Response:
    """Answer a CORS preflight (Fetch standard); application/json needs one, text/plain none."""
    return Response(
        status_code=204,
        headers={
            "Access-Control-Allow-Methods": "GET, POST",
            "Access-Control-Allow-Headers": "Content-Type",
            "Access-Control-Max-Age": "86400",
        },
    )


def _listed(batch: Batch) -> list[dict[str, object]]:
    return [{"event_id": event.event_id, "error": event.error} for event in batch.refused]


def json_answer(body: object, status: int = 200) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(as_json(body), status_code=status, media_type=JSON_TYPE, headers=headers)
