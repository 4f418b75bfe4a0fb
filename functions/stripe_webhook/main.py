"""stripe_webhook: Stripe tells of money. Called by Stripe, proved by its signature."""

import os

import functions_framework
from flask import Request, Response

from shared import wiring

endpoint = wiring.stripe_webhook(os.environ)


@functions_framework.http
def stripe_webhook(request: Request) -> Response:
    """Verify, record purchase and debts in one commit, answer; then a task pays them."""
    return endpoint()(request)
