"""Warming up: what the first answer did not need is loaded once it is on its way."""

from collections.abc import Awaitable, Callable

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response

Respond = Callable[[Request], Awaitable[Response]]


class Warming:
    """
    Answers, and lets `load` run behind the first answer.

    A known visitor needs no Firestore; the new one who comes next should not have to wait for
    its import.
    """

    def __init__(self, respond: Respond, load: Callable[[], Awaitable[object]]) -> None:
        self._respond = respond
        self._load = load
        self._is_cold = True

    async def __call__(self, request: Request) -> Response:
        response = await self._respond(request)
        if self._is_cold:
            self._is_cold = False
            response.background = BackgroundTask(self._load)
        return response
