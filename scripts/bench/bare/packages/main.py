"""What a function's packages alone add to a start; imported as `shared/wiring` does."""

import gc
import os
from importlib import import_module

import functions_framework
from flask import Request

gc.disable()
for package in os.environ["PACKAGES"].split():
    import_module(package)
gc.freeze()
gc.enable()


@functions_framework.http
def bare(request: Request) -> tuple[str, int]:
    """Read the body and answer 204; nothing of a package is called."""
    request.get_data()
    return "", 204
