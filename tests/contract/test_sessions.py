"""What every store of sessions does, whatever it is made of."""

from dataclasses import replace
from datetime import timedelta

from shared.domain.customer import HashedCustomer
from shared.domain.hashing import sha256_hex
from shared.domain.sessions import touches, withdrawn
from tests.builders import ADA, NOW, SESSION_ID, consent, session, visit

KEPT = timedelta(days=90)
LATER = NOW + timedelta(hours=5)


async def test_an_opened_session_is_read_back_as_it_was(stores):
    await stores.session_writer.open(session())

    assert stores.sessions.find([SESSION_ID]) == {SESSION_ID: session()}


def test_a_session_that_was_never_opened_is_not_found(stores):
    assert stores.sessions.find([SESSION_ID, "s_another_one_12345"]) == {}


async def test_several_sessions_are_found_at_once(stores):
    await stores.session_writer.open(session("s_first_0123456789"))
    await stores.session_writer.open(session("s_second_0123456789"))

    found = stores.sessions.find(["s_first_0123456789", "s_none_0123456789", "s_second_0123456789"])

    assert set(found) == {"s_first_0123456789", "s_second_0123456789"}


async def test_a_touch_changes_what_it_names_and_keeps_the_rest(stores):
    await stores.session_writer.open(session())
    seen = visit(
        fbc="fb.1.1795500000009.IwAR_new",
        click_ids={"ttclid": "t1"},
        customer=ADA,
        client_ip="203.0.113.77",
    )

    assert await stores.session_writer.touch(SESSION_ID, touches(seen, now=LATER, kept_for=KEPT))

    stored = stores.sessions.find([SESSION_ID])[SESSION_ID]
    assert stored.opened_at == NOW
    assert stored.touched_at == LATER
    assert stored.expires_at == LATER + KEPT
    assert stored.visit.click_ids == {"gclid": "g1", "ttclid": "t1"}
    assert stored.visit.customer == ADA
    assert stored.visit.client_ip == "203.0.113.77"
    assert stored.visit.fbc == "fb.1.1795500000009.IwAR_new"
    assert stored.visit.url == session().visit.url


async def test_a_touch_adds_identity_without_forgetting_what_was_known(stores):
    await stores.session_writer.open(session(visit=visit(customer=ADA)))
    phone = HashedCustomer(ph=(sha256_hex("33600000000"),))

    await stores.session_writer.touch(
        SESSION_ID, touches(visit(customer=phone), now=LATER, kept_for=KEPT)
    )

    stored = stores.sessions.find([SESSION_ID])[SESSION_ID]
    assert stored.visit.customer == replace(phone, em=ADA.em)


async def test_a_touch_forgets_no_click_that_this_request_does_not_know(stores):
    await stores.session_writer.open(session())

    late = touches(visit(fbc=None, client_ip=None), now=LATER, kept_for=KEPT)
    await stores.session_writer.touch(SESSION_ID, late)

    stored = stores.sessions.find([SESSION_ID])[SESSION_ID]
    assert (stored.visit.fbc, stored.visit.client_ip) == (session().visit.fbc, "203.0.113.9")


async def test_touching_what_is_not_there_creates_nothing(stores):
    assert not await stores.session_writer.touch(
        SESSION_ID, touches(visit(), now=NOW, kept_for=KEPT)
    )
    assert stores.sessions.find([SESSION_ID]) == {}


async def test_a_withdrawn_session_holds_nothing_but_the_refusal(stores):
    await stores.session_writer.open(session(visit=visit(customer=ADA)))
    gone = withdrawn(SESSION_ID, consent(granted=False), now=LATER, kept_for=KEPT)

    await stores.session_writer.replace(gone)

    assert stores.sessions.find([SESSION_ID]) == {SESSION_ID: gone}


async def test_what_was_on_its_way_cannot_undo_a_withdrawal(stores):
    await stores.session_writer.open(session())
    gone = withdrawn(SESSION_ID, consent(granted=False), now=LATER, kept_for=KEPT)
    await stores.session_writer.replace(gone)

    late = touches(visit(), now=LATER, kept_for=KEPT)

    assert not await stores.session_writer.touch(SESSION_ID, late)
    assert stores.sessions.find([SESSION_ID]) == {SESSION_ID: gone}


async def test_withdrawing_what_is_not_there_creates_nothing(stores):
    gone = withdrawn(SESSION_ID, consent(granted=False), now=NOW, kept_for=KEPT)

    await stores.session_writer.replace(gone)

    assert stores.sessions.find([SESSION_ID]) == {}
