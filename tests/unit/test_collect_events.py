"""Collecting: a known visitor costs one task, a new one a write more; no consent, nothing."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.consent import ConsentRule
from shared.domain.custom_data import CustomData
from shared.domain.customer import HashedCustomer
from shared.domain.events import Event, Page
from shared.domain.sessions import Cookie, digest_of, parse_cookie, withdrawn
from shared.domain.shedding import Budget
from shared.usecases.collect_events import Arrival, CollectEvents, Dropped, Forgotten, Kept
from shared.usecases.ports.errors import QueueFullError, StoreUnavailableError
from tests.builders import A_DAY, ADA, NOW, SESSION_ID, consent, session, visit
from tests.fakes import Away, FakeAsyncTasks, FakeSessions, FakeSessionWriter

ANYWHERE = ConsentRule()
NEW_ID = "s_brand_new_session_id"


def an_event(event_id: str = "e-1", event_name: str = "PageView") -> Event:
    return Event(
        event_name=event_name,
        event_id=event_id,
        event_time=int(NOW.timestamp()),
        page=Page("https://shop.example/"),
        custom_data=CustomData(),
        customer=HashedCustomer(),
    )


class World:
    def __init__(self, rule: ConsentRule = ANYWHERE, **settings):
        self.sessions, self.tasks = FakeSessions(), FakeAsyncTasks()
        self.drawn: list[str] = []
        self.collect = CollectEvents(
            sessions=FakeSessionWriter(self.sessions),
            tasks=self.tasks,
            consent_rule=rule,
            **settings,
        )

    async def arrives(self, *events: Event, cookie: Cookie | None = None, now=NOW, **seen):
        arrival = Arrival(events or (an_event(),), visit(**seen), cookie)
        return await self.collect(arrival, new_session_id=self.draw, now=now)

    def draw(self) -> str:
        self.drawn.append(NEW_ID)
        return NEW_ID

    @property
    def created(self):
        return self.tasks.tasks.created


async def test_a_new_visitor_costs_one_write_and_one_task():
    world = World()

    kept = await world.arrives()

    assert isinstance(kept, Kept)
    assert kept.cookie.session_id == NEW_ID
    assert (world.sessions.writes, len(world.created)) == (1, 1)
    assert world.sessions.stored[NEW_ID].visit == visit()


async def test_a_known_visitor_costs_one_task_and_nothing_else():
    world = World()
    first = await world.arrives()

    second = await world.arrives(an_event("e-2"), cookie=first.cookie)

    assert second.cookie == first.cookie
    assert (world.sessions.writes, len(world.created)) == (1, 2)


async def test_a_session_id_is_drawn_where_a_session_begins_and_nowhere_else():
    world = World()
    first = await world.arrives()

    await world.arrives(an_event("e-2"), cookie=first.cookie)
    await world.arrives(an_event("e-3"), cookie=first.cookie, consent=consent(granted=False))

    assert world.drawn == [NEW_ID]


async def test_a_page_without_click_ids_does_not_undo_the_landing():
    world = World()
    landed = await world.arrives(click_ids={"gclid": "g9"}, utm={"utm_source": "x"})

    await world.arrives(an_event("e-2"), cookie=landed.cookie, click_ids={}, utm={})
    await world.arrives(an_event("e-3"), cookie=landed.cookie, click_ids={}, utm={})

    assert world.sessions.writes == 1


@pytest.mark.parametrize(
    "change",
    [
        {"client_ip": "203.0.113.10"},
        {"user_agent": "Other"},
        {"fbc": "fb.1.1795500000001.IwAR_new"},
        {"click_ids": {"gclid": "g2"}},
        {"customer": ADA},
        {"consent": consent(ad_user_data=False)},
    ],
    ids=lambda change: next(iter(change)),
)
async def test_a_session_is_written_when_it_changed(change):
    world = World()
    first = await world.arrives()

    second = await world.arrives(an_event("e-2"), cookie=first.cookie, **change)

    assert world.sessions.writes == 2
    assert second.cookie.session_id == NEW_ID
    assert second.cookie.digest != first.cookie.digest


def test_a_digest_is_written_as_it_always_was():
    """
    Written in another way, every visitor's session would be stored again at once.
    """
    seen = visit(click_ids={"gclid": "g-1"}, customer=ADA)

    assert digest_of(seen, before=None, now=NOW) == "YS2WBIp5i-PFTrNg"
    assert digest_of(visit(), before=None, now=NOW) == "YS2WBIp5cC6rLjjn"


async def test_a_session_in_use_is_touched_once_a_day():
    world = World()
    first = await world.arrives()

    await world.arrives(an_event("e-2"), cookie=first.cookie, now=NOW + A_DAY)

    stored = world.sessions.stored[NEW_ID]
    assert stored.touched_at == NOW + A_DAY
    assert stored.expires_at == NOW + A_DAY + timedelta(days=90)


async def test_a_cookie_that_outlived_its_session_opens_a_new_one():
    world = World()
    stale = Cookie("s_gone_long_ago_0123", "x" * 16)

    kept = await world.arrives(cookie=stale)

    assert kept.cookie.session_id == NEW_ID
    assert list(world.sessions.stored) == [NEW_ID]


async def test_the_same_batch_again_queues_nothing_new():
    world = World()
    first = await world.arrives(an_event("e-1"), an_event("e-2"))

    await world.arrives(an_event("e-1"), an_event("e-2"), cookie=first.cookie)

    assert len(world.created) == 1


@pytest.mark.parametrize("given", [None, consent(granted=False), consent(ad_storage=False)])
async def test_without_consent_nothing_is_stored_or_queued(given):
    world = World()

    assert await world.arrives(consent=given) == Forgotten(None)
    assert (world.sessions.stored, world.created) == ({}, {})


async def test_leave_to_store_alone_stores_and_tells_nobody():
    world = World()

    kept = await world.arrives(consent=consent(ad_user_data=False))

    assert kept.dropped is Dropped.NO_CONSENT
    assert list(world.sessions.stored) == [NEW_ID]
    assert world.created == {}


async def test_a_withdrawal_empties_the_session_and_keeps_the_refusal():
    world = World()
    world.sessions.stored[SESSION_ID] = session(visit=visit(customer=ADA))
    refusal = consent(granted=False)

    gone = await world.arrives(cookie=Cookie(SESSION_ID, "x" * 16), consent=refusal)

    stored = world.sessions.refusals[SESSION_ID]
    assert gone == Forgotten(SESSION_ID)
    assert stored.withdrawn_at == NOW
    assert stored.visit.consent == refusal
    assert (stored.visit.fbp, stored.visit.client_ip, stored.visit.customer) == (
        None,
        None,
        HashedCustomer(),
    )


EARLIER = consent(at=NOW - A_DAY)
LATER = consent(at=NOW + A_DAY)


async def test_a_yes_that_was_on_its_way_does_not_undo_a_no():
    world = World()
    world.sessions.refusals[SESSION_ID] = withdrawn(
        SESSION_ID, consent(granted=False), now=NOW, kept_for=A_DAY
    )

    late = await world.arrives(cookie=Cookie(SESSION_ID, "x" * 16), consent=EARLIER)

    assert late == Forgotten(SESSION_ID)
    assert (world.sessions.stored, world.created) == ({}, {})


async def test_a_new_yes_after_a_no_opens_a_new_session():
    world = World()
    world.sessions.refusals[SESSION_ID] = withdrawn(
        SESSION_ID, consent(granted=False), now=NOW, kept_for=A_DAY
    )

    kept = await world.arrives(cookie=Cookie(SESSION_ID, "x" * 16), consent=LATER)

    assert kept.cookie.session_id == NEW_ID
    assert list(world.sessions.stored) == [NEW_ID]


@pytest.mark.parametrize("said", [None, EARLIER], ids=["nothing", "an earlier yes"])
async def test_what_was_denied_stays_denied_until_a_later_yes(said):
    world = World(ConsentRule(required=False))
    world.sessions.stored[SESSION_ID] = session(visit=visit(consent=consent(ad_user_data=False)))

    kept = await world.arrives(cookie=Cookie(SESSION_ID, "x" * 16), consent=said)

    assert kept.dropped is Dropped.NO_CONSENT
    assert not world.sessions.stored[SESSION_ID].visit.consent.lets_us_tell
    assert world.created == {}


async def test_the_same_events_in_another_order_queue_nothing_new():
    world = World()
    first = await world.arrives(an_event("e-1"), an_event("e-2"))

    await world.arrives(an_event("e-2"), an_event("e-1"), cookie=first.cookie)
    await world.arrives(an_event("e-2"), an_event("e-1"))

    assert len(world.created) == 1


async def test_the_same_id_under_another_name_is_another_event():
    world = World()
    first = await world.arrives(an_event("e-1"))

    await world.arrives(replace(an_event("e-1"), event_name="Lead"), cookie=first.cookie)

    assert len(world.created) == 2


async def test_no_record_of_consent_is_no_withdrawal():
    world = World()
    world.sessions.stored[SESSION_ID] = session()

    await world.arrives(cookie=Cookie(SESSION_ID, "x" * 16), consent=None)

    assert world.sessions.stored[SESSION_ID] == session()


async def test_where_consent_is_not_required_no_record_is_enough_and_a_refusal_still_counts():
    world = World(ConsentRule(required=False))

    assert isinstance(await world.arrives(consent=None), Kept)
    assert isinstance(await world.arrives(consent=consent(granted=False)), Forgotten)


async def test_where_some_countries_require_consent_an_unknown_country_is_one_of_them():
    rule = ConsentRule(regions=frozenset({"FR"}))

    assert isinstance(await World(rule).arrives(consent=None, country="US"), Kept)
    assert isinstance(await World(rule).arrives(consent=None, country="FR"), Forgotten)
    assert isinstance(await World(rule).arrives(consent=None, country=None), Forgotten)


async def test_a_store_that_is_away_queues_nothing():
    world = World()
    world.sessions.away.go()

    with pytest.raises(StoreUnavailableError):
        await world.arrives()
    assert world.created == {}


async def test_a_queue_that_is_away_is_told_to_the_browser():
    world = World()
    world.tasks.tasks.away.go()

    kept = await world.arrives()

    assert isinstance(kept, Kept)
    assert kept.queue_is_away
    # The browser gets its cookie all the same, so that its next try opens no second session.
    assert kept.cookie.session_id == NEW_ID


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        ".",
        "s_short.x",
        f"{SESSION_ID}",
        f"{SESSION_ID}.",
        f"{SESSION_ID}.abc",
        "a/b." + "x" * 16,
        "__bad_id__." + "x" * 16,
        f"{SESSION_ID}.{'x' * 15}/",
    ],
)
def test_a_malformed_cookie_counts_as_none(text):
    assert parse_cookie(text) is None


def test_a_cookie_is_read_as_it_was_written():
    cookie = Cookie(SESSION_ID, "abcdefgh-_345678")

    assert parse_cookie(cookie.text) == cookie
    assert replace(cookie, digest="x" * 16) != cookie


V6 = "2001:db8::1"


async def test_a_session_keeps_the_ipv6_address_of_the_day():
    world = World()
    landed = await world.arrives(client_ip=V6)

    later = await world.arrives(an_event("e-2"), cookie=landed.cookie, client_ip="203.0.113.9")
    await world.arrives(an_event("e-3"), cookie=later.cookie, client_ip="203.0.113.9")

    assert world.sessions.stored[NEW_ID].visit.client_ip == V6
    assert world.sessions.writes == 2


async def test_a_session_does_not_keep_the_ipv6_address_of_another_day():
    world = World()
    landed = await world.arrives(client_ip=V6)

    await world.arrives(cookie=landed.cookie, client_ip="203.0.113.9", now=NOW + A_DAY)

    assert world.sessions.stored[NEW_ID].visit.client_ip == "203.0.113.9"


# What goes first when something is used up.

CART = an_event("e-cart", "AddToCart")


def full_queue() -> World:
    world = World()
    world.tasks.tasks.away = Away(QueueFullError)
    world.tasks.tasks.away.go()
    return world


async def test_a_full_queue_sheds_page_views_by_name():
    kept = await full_queue().arrives()

    assert (kept.dropped, kept.shed, kept.queued) == (Dropped.SHED, 1, 0)
    assert not kept.queue_is_away


async def test_a_full_queue_gives_up_nothing_but_page_views():
    """
    The tag keeps the batch and tries again.
    """
    kept = await full_queue().arrives(an_event(), CART)

    assert (kept.queue_is_away, kept.dropped, kept.shed) == (True, None, 0)


async def test_a_queue_that_is_merely_away_sheds_nothing():
    world = World()
    world.tasks.tasks.away.go()

    kept = await world.arrives()

    assert (kept.queue_is_away, kept.dropped) == (True, None)


async def test_a_budget_that_is_used_up_sheds_page_views_and_queues_the_rest():
    world = World(budget=Budget(1))
    await world.arrives(*(an_event(f"e-{n}", "ViewContent") for n in range(10)))

    kept = await world.arrives(an_event(), CART)

    assert (kept.dropped, kept.shed, kept.queued) == (Dropped.SHED, 1, 1)
    sent = list(world.created.values())[-1].task.conversions
    assert [each.event_id for each in sent] == ["e-cart"]


async def test_a_budget_never_holds_back_what_is_no_page_view():
    world = World(budget=Budget(1))

    for number in range(50):
        kept = await world.arrives(an_event(f"e-{number}", "AddToCart"))
        assert (kept.queued, kept.dropped) == (1, None)


async def test_a_budget_fills_up_again():
    world = World(budget=Budget(1))
    await world.arrives(*(an_event(f"e-{n}") for n in range(10)))
    assert (await world.arrives(an_event("e-now"))).shed == 1

    later = await world.arrives(an_event("e-later"), now=NOW + timedelta(seconds=5))

    assert (later.queued, later.dropped) == (1, None)


async def test_a_batch_that_comes_again_after_part_of_it_was_shed_queues_nothing_twice():
    world = World(budget=Budget(1))
    await world.arrives(*(an_event(f"e-{n}", "ViewContent") for n in range(10)))
    await world.arrives(an_event(), CART)

    await world.arrives(an_event(), CART, now=NOW + timedelta(minutes=5))

    carts = [t for t in world.created.values() if "e-cart" in str(t.task.conversions)]
    assert len(carts) == 1


async def test_without_a_budget_and_with_room_in_the_queue_nothing_is_shed():
    world = World()

    for number in range(200):
        kept = await world.arrives(an_event(f"e-{number}"))
        assert (kept.queued, kept.shed) == (1, 0)
