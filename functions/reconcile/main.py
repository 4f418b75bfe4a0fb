"""reconcile: repairs what outages left behind. Called by Cloud Scheduler alone (IAM)."""

import os

import functions_framework
from flask import Request, Response

from shared import wiring

endpoint = wiring.reconcile(os.environ)


@functions_framework.http
def reconcile(request: Request) -> Response:
    """Run the job that the path names: POST /relay, /probe, /stripe, /statement."""
    return endpoint()(request)
