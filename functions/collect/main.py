"""collect: the shop's pages report what happens on them. Called by browsers."""

import os
from pathlib import Path

import functions_framework.aio
from starlette.requests import Request
from starlette.responses import Response

from shared import wiring

endpoint = wiring.collect(os.environ, tag=Path(__file__).with_name("tag.js"))


@functions_framework.aio.http
async def collect(request: Request) -> Response:
    """Keep the session, queue the events and answer; Meta hears of it later."""
    return await endpoint()(request)
