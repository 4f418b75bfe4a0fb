"""What the packages of `collect` alone add to a start; imported as `shared/wiring` does."""

import gc
import os
from importlib import import_module

import functions_framework.aio
from starlette.requests import Request
from starlette.responses import Response

gc.disable()
for package in os.environ["PACKAGES"].split():
    import_module(package)
gc.freeze()
gc.enable()


@functions_framework.aio.http
async def bare(request: Request) -> Response:
    """Read the body and answer 204; nothing of a package is called."""
    await request.body()
    return Response(status_code=204)
