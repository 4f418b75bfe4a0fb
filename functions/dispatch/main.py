"""dispatch: a conversion is handed to its destination. Called by Cloud Tasks alone (IAM)."""

import os

import functions_framework
from flask import Request, Response

from shared import wiring

endpoint = wiring.dispatch(os.environ)


@functions_framework.http
def dispatch(request: Request) -> Response:
    """Judge once more, send, and write down what came of it; 503 asks the task to come back."""
    return endpoint()(request)
