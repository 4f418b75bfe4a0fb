"""A request's headers as `collect` reads them: once, and whole."""

from starlette.requests import Request

from shared.domain.client_ip import client_ip
from shared.http.asked import asked_of


def asked(*headers: tuple[str, str], path: str = "/s/events"):
    raw = [(name.lower().encode(), text.encode("latin-1")) for name, text in headers]
    return asked_of(Request({"type": "http", "method": "POST", "path": path, "headers": raw}))


def test_of_a_header_that_was_sent_twice_the_first_counts():
    headers = asked(("Origin", "https://shop.example"), ("Origin", "https://evil.example")).headers

    assert headers["origin"] == "https://shop.example"


def test_forwarded_addresses_in_several_lines_are_one_list():
    """
    The first line may be the visitor's own, with an address that is not his; what our front end
    knows stands last.
    """
    headers = asked(
        ("X-Forwarded-For", "198.51.100.66"),
        ("Accept", "*/*"),
        ("X-Forwarded-For", "192.0.2.1, 203.0.113.9"),
    ).headers

    assert client_ip(headers["x-forwarded-for"], None, trusted_hops=0) == "203.0.113.9"
    assert client_ip(headers["x-forwarded-for"], None, trusted_hops=1) == "192.0.2.1"


def test_the_last_part_of_the_path_names_what_is_asked():
    for path in ("/events", "/s/events", "//events"):
        assert asked(path=path).route == "events"
    assert asked(path="/s/events/").route == ""
