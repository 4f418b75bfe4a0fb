"""How a destination stands, whatever that is written down in."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from shared.domain.conversions import Destination
from shared.domain.destinations import Running, Standing
from tests.builders import A_SECOND, AN_HOUR, NOW

META = Destination.META
PAUSED = Standing(
    Running.PAUSED,
    "meta_190",
    since=NOW,
    last_success_at=NOW - AN_HOUR,
    last_probe_at=NOW - A_SECOND,
    throttled_since=NOW - A_SECOND,
    throttled_until=NOW + A_SECOND,
)


def test_a_destination_nobody_wrote_of_is_running(stores):
    assert stores.destinations.find(META).standing == Standing()


def test_what_was_written_is_read_back_as_it_was(stores):
    assert stores.destinations.replace(META, stores.destinations.find(META), PAUSED)

    assert stores.destinations.find(META).standing == PAUSED


def test_a_standing_that_changed_since_it_was_read_is_not_overwritten(stores):
    first = stores.destinations.find(META)
    assert stores.destinations.replace(META, first, PAUSED)
    seen = stores.destinations.find(META)
    assert stores.destinations.replace(META, seen, replace(PAUSED, reason="meta_200"))

    assert not stores.destinations.replace(META, first, Standing())
    assert not stores.destinations.replace(META, seen, Standing())
    assert stores.destinations.find(META).standing.reason == "meta_200"


def test_fields_that_became_empty_are_empty(stores):
    stores.destinations.replace(META, stores.destinations.find(META), PAUSED)

    assert stores.destinations.replace(META, stores.destinations.find(META), Standing())

    assert stores.destinations.find(META).standing == Standing()


def test_of_many_who_pause_at_once_exactly_one_does_it(stores):
    """
    That one sounds the alarm, and nobody else does.
    """
    seen = stores.destinations.find(META)
    with ThreadPoolExecutor(8) as pool:
        done = pool.map(lambda _: stores.destinations.replace(META, seen, PAUSED), range(8))

    assert sorted(done) == [False] * 7 + [True]
