"""The floor of the synchronous functions: what the framework alone costs."""

import functions_framework
from flask import Request


@functions_framework.http
def bare(request: Request) -> tuple[str, int]:
    """Read the body and answer 204."""
    request.get_data()
    return "", 204
