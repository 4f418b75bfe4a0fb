"""What Meta would count, and which copy it would keep."""

from datetime import UTC, datetime, timedelta

import pytest

from scripts.local.meta.counting import count
from scripts.local.meta.receipts import Channel, Receipt

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def receipt(channel, *, after=timedelta(0), event_id="e1", name="Purchase", **user_data):
    event = {"event_name": name, "event_time": 1, "event_id": event_id, "user_data": user_data}
    return Receipt(channel, "1", NOON + after, event)


def browser(**kwargs):
    return receipt(Channel.BROWSER, **kwargs)


def server(**kwargs):
    return receipt(Channel.SERVER, **kwargs)


def counted(*receipts):
    return [one.as_json() for one in count(receipts)]


@pytest.mark.parametrize(
    ("first", "second", "after", "kept"),
    [
        (browser, server, timedelta(minutes=1), "browser"),
        (server, browser, timedelta(minutes=5), "browser"),
        (server, browser, timedelta(minutes=6), "server"),
        (browser, server, timedelta(hours=48), "browser"),
    ],
)
def test_a_browser_and_a_server_copy_count_once(first, second, after, kept):
    [only] = counted(first(), second(after=after))
    assert only["kept"] == kept
    assert sorted(only["channels"]) == ["browser", "server"]


def test_copies_more_than_48_hours_apart_count_twice():
    assert len(counted(server(), browser(after=timedelta(hours=48, seconds=1)))) == 2


@pytest.mark.parametrize("channel", [server, browser])
def test_two_copies_of_one_channel_count_twice(channel):
    assert len(counted(channel(), channel())) == 2


def test_a_third_copy_is_not_swallowed_by_a_finished_pair():
    assert len(counted(server(), browser(), server())) == 2


def test_the_same_id_under_another_name_or_pixel_is_another_event():
    assert len(counted(server(), browser(name="purchase"))) == 2
    other_pixel = Receipt(Channel.BROWSER, "2", NOON, browser().event)
    assert len(counted(server(), other_pixel)) == 2


def test_without_an_id_a_server_copy_merges_into_an_earlier_browser_copy():
    pair = browser(event_id=None, fbp="fb.1.1.7"), server(fbp="fb.1.1.7.AQIAAQMC")
    assert counted(*pair) == [
        {
            "event_name": "Purchase",
            "event_id": "e1",
            "channels": ["browser", "server"],
            "kept": "browser",
        }
    ]


def test_without_an_id_a_server_copy_that_came_first_stays():
    assert len(counted(server(event_id=None, fbp="fb.1.1.7"), browser(fbp="fb.1.1.7"))) == 2


def test_external_id_outranks_fbp():
    seen = browser(event_id=None, fbp="fb.1.1.7", external_id="ada")
    assert len(counted(seen, server(event_id=None, fbp="fb.1.1.7", external_id=["bob"]))) == 2
    assert len(counted(seen, server(event_id=None, fbp="fb.1.1.8", external_id=["ada"]))) == 1


def test_two_orders_of_one_person_stay_two():
    same = {"fbp": "fb.1.1.7"}
    assert len(counted(browser(event_id="e1", **same), server(event_id="e2", **same))) == 2


def test_people_of_whom_nothing_is_known_do_not_merge():
    assert len(counted(browser(event_id=None), server(event_id=None))) == 2


def test_a_copy_merges_by_id_before_by_person():
    nameless = browser(event_id=None, fbp="fb.1.1.7")
    merged = counted(nameless, browser(fbp="fb.1.1.7"), server(fbp="fb.1.1.7"))
    assert [one["channels"] for one in merged] == [["browser"], ["browser", "server"]]
