"""Storm: every webhook five times, shuffled over all payments, several at once."""

from typing import Final

import requests

from scripts.drills.queues import Queues
from scripts.drills.stage import Stage
from scripts.local.plan import Place

COPIES: Final = 5
_SECONDS: Final = 30


def storm(stage: Stage) -> None:
    """
    Hold every webhook until all have paid, then let all copies go at once.

    Cloud Tasks delivers at least once: so many of its tasks come twice, word for word, too.
    """
    stage.shop.control(
        "webhooks",
        repeat=COPIES,
        shuffle=True,
        hold=True,
        duplicate_events=True,
        seed=stage.random.randrange(2**32),
    )
    stage.tell(f"{len(stage.buyers)} buyers pay; Stripe holds its webhooks back")
    stage.serve(stage.buyers)
    Queues(stage.world).repeat(len(stage.buyers))
    released = len(stage.shop.control("release")["released"])
    stage.tell(f"{released} webhooks are on their way, in no order")
    stage.wait_until(lambda: _delivered(stage) >= released, "the last of the webhooks")
    stage.count("webhooks", released)
    stage.count("tasks delivered twice", len(stage.buyers))


def _delivered(stage: Stage) -> int:
    """Count the copies that were tried at least once."""
    answer = requests.get(
        f"{stage.world.url(Place.STRIPE)}/control/deliveries", timeout=_SECONDS
    ).json()
    return sum(attempt["number"] == 1 for attempt in answer["deliveries"])
