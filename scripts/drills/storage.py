"""Storage: Firestore dies and comes back with what it had; the queue is away for a while."""

from collections.abc import Callable, Sequence
from typing import Final

import requests

from scripts.drills.meta import Meta
from scripts.drills.queues import Queues
from scripts.drills.shop import Buyer, Crowd
from scripts.drills.stage import Stage, a_purchase_more, paid_of
from scripts.local.plan import Place

_SECONDS: Final = 60
_EXPORT: Final = "all"


def storage(stage: Stage) -> None:
    """
    Trouble both twice, each time while some visit, some pay and some wait for an answer.

    Firestore is cut off first, while Meta holds the answer to a purchase, and exported then: all
    that it had confirmed comes back, as Google promises, and what it had not is anybody's guess.
    """
    Meta(stage.world).takes_its_time()
    troubles = (_kill_firestore, _take_the_queue_away) * 2
    for buyers, trouble in zip(stage.slices(len(troubles)), troubles, strict=True):
        _trouble(stage, buyers, trouble)
    Meta(stage.world).is_well()


def _trouble(
    stage: Stage, buyers: Sequence[Buyer], trouble: Callable[[Stage, Crowd], None]
) -> None:
    half = (len(buyers) + 1) // 2
    early, late = buyers[:half], buyers[half:]
    welcomed = stage.shop.welcome(early)
    stage.wait_until(lambda: welcomed.is_through, "the visits of those who pay later")
    paying = stage.shop.check_out(early)
    coming = stage.shop.serve(late)
    stage.wait_until(paid_of(paying, stage.random.randrange(half)), "the moment of the trouble")
    trouble(stage, paying)
    stage.wait_until(lambda: paying.is_through and coming.is_through, "the last buyer")


def _kill_firestore(stage: Stage, paying: Crowd) -> None:
    world = stage.world
    stage.wait_until(a_purchase_more(stage, paying), "a purchase that Meta has taken")
    stage.tell(f"kill -9 firestore, {paying.paid} payments into the crowd")
    world.doors[Place.FIRESTORE].shut()
    number = stage.count("Firestore killed and restarted")
    export = world.folder / f"export-{number}"
    export.mkdir()
    _export(stage, str(export))
    world.stack.kill(Place.FIRESTORE)
    data = export / _EXPORT / f"{_EXPORT}.overall_export_metadata"
    world.stack.restart(Place.FIRESTORE, f"--import-data={data}")
    world.doors[Place.FIRESTORE].open()
    stage.tell("firestore is back with its data")


def _take_the_queue_away(stage: Stage, paying: Crowd) -> None:
    """
    Refuse every new task and hand out none, until the last of those who can has paid.

    What is on the queue stays there: Cloud Tasks keeps its tasks through its own outages.
    """
    door = stage.world.doors[Place.CLOUD_TASKS]
    stage.tell(f"the queue is away, {paying.paid} payments into the crowd")
    door.shut()
    Queues(stage.world).pause()
    stage.count("outages of the queue")
    stage.wait_until(lambda: paying.is_through, "those who pay without a queue")
    Queues(stage.world).resume()
    door.open()
    stage.tell("the queue is back")


def _export(stage: Stage, folder: str) -> None:
    """Ask as firebase-tools does for its own export: the emulator's door for its keeper."""
    plan = stage.world.stack.plan
    project = plan.settings["GOOGLE_CLOUD_PROJECT"]
    told = {
        "database": f"projects/{project}/databases/(default)",
        "export_directory": folder,
        "export_name": _EXPORT,
    }
    address = f"{plan.url(Place.FIRESTORE)}/emulator/v1/projects/{project}:export"
    requests.post(address, json=told, timeout=_SECONDS).raise_for_status()
