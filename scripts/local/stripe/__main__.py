"""`python -m scripts.local.stripe`: Stripe's stand-in until Ctrl-C."""

import argparse
from pathlib import Path

from scripts.local.foreground import wait_for_stop, write_ready_file
from scripts.local.stripe import Endpoint, StripeStandIn
from scripts.local.stripe.objects import API_VERSION


def main() -> None:
    asked = _arguments()
    secrets = asked.webhook_secret.split(",")
    enabled = frozenset(asked.enabled_events.split(","))
    endpoints = [Endpoint(url, secrets, enabled, asked.api_version) for url in asked.webhook_url]
    with StripeStandIn(
        endpoints, port=asked.port, api_key=asked.api_key, livemode=asked.livemode
    ) as stripe:
        if asked.ready_file:
            write_ready_file(asked.ready_file, stripe.address)
        print(f"Stripe's stand-in: {stripe.address}", flush=True)
        wait_for_stop()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.local.stripe", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes any free one")
    parser.add_argument("--webhook-url", action="append", default=[], help="may be repeated")
    parser.add_argument(
        "--webhook-secret",
        required=True,
        help="whsec_…; two with a comma between them sign as while a secret is rolled",
    )
    parser.add_argument(
        "--enabled-events", default="*", help="comma-separated types that are delivered"
    )
    parser.add_argument(
        "--api-version",
        default=API_VERSION,
        help="the endpoints' own; before 2025-03-31 their events have the shapes of that time",
    )
    parser.add_argument("--api-key", help="refuses every other key")
    parser.add_argument("--livemode", action="store_true")
    parser.add_argument("--ready-file", type=Path, help='gets {"address": …} once it serves')
    return parser.parse_args()


if __name__ == "__main__":
    main()
