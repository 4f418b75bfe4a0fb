"""Side by side: what the two copies of an event make of each other."""

from scripts.local.shop.side_by_side import Says, compared, events_of, pairs_of


def receipt(channel, event_id="e-1", **event):
    return {
        "channel": channel,
        "event_name": "Lead",
        "event_id": event_id,
        "event": {"event_name": "Lead", "event_id": event_id, **event},
    }


def says(browser, server):
    [pair] = pairs_of([receipt("browser", **browser), receipt("server", **server)])
    return {name: verdict for name, _, _, verdict in compared(pair)}


def test_one_value_in_two_spellings_is_the_same():
    browser = {
        "event_time": 1_700_000_000,
        "custom_data": {"value": "24.50", "contents": [{"id": "mug", "item_price": "24.5"}]},
        "user_data": {"em": "a" * 64, "fbp": "fb.1.1.1"},
    }
    server = {
        "event_time": 1_700_000_004,
        "custom_data": {"value": 24.5, "contents": [{"id": "mug", "item_price": 24.50}]},
        "user_data": {"em": ["a" * 64], "fbp": "fb.1.1.1"},
    }

    assert set(says(browser, server).values()) == {Says.SAME}


def test_what_differs_and_what_one_side_lacks_is_told_apart():
    browser = {
        "event_time": 1_700_000_000,
        "event_source_url": "https://shop.example/?email=ada",
        "custom_data": {"value": "24.50"},
        "user_data": {"fbp": "fb.1.1.1"},
    }
    server = {
        "event_time": 1_700_009_999,
        "event_source_url": "https://shop.example/",
        "custom_data": {"value": 24.51},
        "user_data": {"em": ["a" * 64]},
    }

    assert says(browser, server) == {
        "event_time": Says.DIFFERS,
        "event_source_url": Says.DIFFERS,
        "custom_data.value": Says.DIFFERS,
        "user_data.fbp": Says.PIXEL_ONLY,
        "user_data.em": Says.SERVER_ONLY,
    }


def test_differences_are_marked_in_the_page():
    page = events_of(
        [
            receipt("browser", custom_data={"value": "24.50", "currency": "EUR"}),
            receipt("server", custom_data={"value": 25, "currency": "EUR"}),
        ]
    )

    assert "<td><mark>24.50</mark></td><td><mark>25</mark></td>" in page
    assert "<td>EUR</td><td>EUR</td>" in page
    assert "merged into one" in page


def test_a_copy_too_many_is_called_what_it_costs():
    page = events_of([receipt("server"), receipt("server"), receipt("browser")])

    assert "counted more than once: 1 of the Pixel, 2 of the server" in page


def test_one_channel_alone_is_said_to_be_alone():
    page = events_of([receipt("browser", "e-1"), receipt("server", "e-2")])

    assert page.index("the server alone") < page.index("the Pixel alone")
