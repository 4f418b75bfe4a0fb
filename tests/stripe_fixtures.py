"""Stripe's events as tests/fixtures/stripe keeps them: whole, synthetic, at 2026-10-28.endive."""

import json
from datetime import UTC, datetime
from pathlib import Path

FIXTURES = Path(__file__).parent / "fixtures" / "stripe"
NAMES = sorted(path.stem for path in FIXTURES.glob("*.json"))
# Every fixture was created at this instant; its objects' own `created` are a little earlier.
CREATED_AT = datetime.fromtimestamp(1_793_900_000, UTC)
REFERENCE = "s_01J8ZQ4T9K"


def stripe_event(name: str) -> dict:
    return json.loads((FIXTURES / f"{name}.json").read_text())


def stripe_object(name: str, **changes) -> dict:
    """The object of an event, with some of its fields changed; `...` takes one out."""
    found = stripe_event(name)["data"]["object"] | changes
    return {key: value for key, value in found.items() if value is not ...}
