"""The floor of `collect`: what the framework alone costs."""

import functions_framework.aio
from starlette.requests import Request
from starlette.responses import Response


@functions_framework.aio.http
async def bare(request: Request) -> Response:
    """Read the body and answer 204."""
    await request.body()
    return Response(status_code=204)
