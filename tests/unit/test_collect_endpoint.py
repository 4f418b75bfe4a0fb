"""How `collect` reads a body: in pieces, up to the limit, and not from somebody who left."""

import json

import pytest
from starlette.requests import Request

from shared.domain.consent import ConsentRule
from shared.http.collect_endpoint import CollectEndpoint
from shared.usecases.collect_events import CollectEvents
from tests.builders import NOW
from tests.fakes import FakeAsyncTasks, FakeSessions, FakeSessionWriter

ORIGIN = "https://shop.example"
BODY = json.dumps(
    {
        "events": [{"event_name": "PageView", "event_id": "e-1"}],
        "consent": {"ad_storage": "granted", "ad_user_data": "granted"},
    }
).encode()


def endpoint() -> CollectEndpoint:
    return CollectEndpoint(
        collect=CollectEvents(FakeSessionWriter(FakeSessions()), FakeAsyncTasks(), ConsentRule()),
        release=None,
        scripts={},
        origins=frozenset({ORIGIN}),
        trusted_hops=0,
        cookie_domain=None,
        project="demo",
        e164=lambda *_: None,
        clock=lambda: NOW,
    )


def piece(body: bytes, *, last: bool = False) -> dict[str, object]:
    return {"type": "http.request", "body": body, "more_body": not last}


async def asked(*messages: dict[str, object]):
    """Post the messages of one body; give the answer, and how many of them were not read."""
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/events",
        "headers": [(b"host", b"shop.example"), (b"origin", ORIGIN.encode())],
        "client": ("203.0.113.9", 1),
    }
    left = list(messages)

    async def receive():
        return left.pop(0)

    answer = await endpoint()(Request(scope, receive))
    return answer, len(left)


@pytest.mark.parametrize("size", [1, 7, len(BODY)])
async def test_a_body_may_come_in_pieces(size):
    pieces = [piece(BODY[at : at + size]) for at in range(0, len(BODY), size)]

    answer, _ = await asked(*pieces, piece(b"", last=True))

    assert answer.status_code == 204


async def test_a_message_may_leave_out_what_is_empty():
    answer, _ = await asked(piece(BODY), {"type": "http.request"})

    assert answer.status_code == 204


async def test_above_the_limit_no_more_is_read():
    full = piece(b" " * 32 * 1024)

    answer, left = await asked(full, full, piece(b" "), full, piece(BODY, last=True))

    assert (answer.status_code, left) == (413, 2)


async def test_of_somebody_who_left_nothing_is_taken():
    answer, left = await asked(piece(BODY), {"type": "http.disconnect"})

    assert (answer.status_code, left) == (400, 0)
