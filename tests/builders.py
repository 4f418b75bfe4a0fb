"""Values for tests: each with a plain default for everything, and overridable."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from shared.domain.consent import Consent, ConsentSource
from shared.domain.conversions import ActionSource, Conversion, Destination
from shared.domain.custom_data import CustomData
from shared.domain.customer import HashedCustomer
from shared.domain.dead_letters import DeadLetter
from shared.domain.deliveries import Delivery
from shared.domain.hashing import sha256_hex
from shared.domain.policies import Policies
from shared.domain.purchases import MatchedBy, Purchase
from shared.domain.readings import StripeObjects
from shared.domain.sessions import Session, Visit, opened
from shared.usecases.ports.ledger import Receipt

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
A_SECOND = timedelta(seconds=1)
AN_HOUR = timedelta(hours=1)
A_DAY = timedelta(days=1)
SESSION_ID = "s_0123456789abcdefghijkl"
ADA = HashedCustomer(em=(sha256_hex("ada@example.com"),))
POLICIES = Policies(livemode=False)


def consent(granted: bool = True, **changes) -> Consent:
    given = Consent(
        ad_storage=granted,
        ad_user_data=granted,
        ad_personalization=granted,
        source=ConsentSource.API,
        at=NOW,
    )
    return replace(given, **changes)


def visit(**changes) -> Visit:
    seen = Visit(
        fbp="fb.1.1795500000000.1234567890",
        fbc="fb.1.1795500000000.IwAR0Case_Kept-1",
        click_ids={"gclid": "g1"},
        utm={"utm_source": "meta"},
        url="https://shop.example/p/1?utm_source=meta",
        referrer="https://l.facebook.com/",
        client_ip="203.0.113.9",
        user_agent="Mozilla/5.0",
        consent=consent(),
    )
    return replace(seen, **changes)


def session(session_id: str = SESSION_ID, now: datetime = NOW, **changes) -> Session:
    made = opened(session_id, visit(), now=now, kept_for=timedelta(days=90))
    return replace(made, **changes)


def purchase(sale_key: str = "pi_1", now: datetime = NOW, **changes) -> Purchase:
    made = Purchase(
        sale_key=sale_key,
        event_id=f"purchase-{sale_key}",
        amount_minor=5990,
        value_minor=5990,
        currency="EUR",
        settled_at=now,
        recorded_at=now,
        livemode=False,
        proved_by="evt_1",
        stripe=StripeObjects(checkout_session_id="cs_1", payment_intent_id=sale_key),
        session_id=SESSION_ID,
        matched_by=MatchedBy.CLIENT_REFERENCE_ID,
        consent=consent(),
        visit=visit(),
        country="FR",
        customer=ADA,
    ).with_delivery(Destination.META, Delivery(), now)
    return replace(made, **changes)


def receipt(event_id: str = "evt_1", sale_key: str | None = "pi_1", now: datetime = NOW) -> Receipt:
    return Receipt(
        stripe_event_id=event_id,
        type="checkout.session.completed",
        object_id="cs_1",
        sale_key=sale_key,
        recorded_at=now,
        expires_at=now + timedelta(days=60),
    )


def conversion(event_id: str = "e-1", **changes) -> Conversion:
    made = Conversion(
        event_name="ViewContent",
        event_id=event_id,
        event_time=int(NOW.timestamp()),
        action_source=ActionSource.WEBSITE,
        event_source_url="https://shop.example/p/1",
        custom_data=CustomData(),
        customer=ADA,
        fbp="fb.1.1795500000000.1234567890",
        client_ip_address="203.0.113.9",
        client_user_agent="Mozilla/5.0",
    )
    return replace(made, **changes)


def letter(key: str = "d-1", now: datetime = NOW, **changes) -> DeadLetter:
    made = DeadLetter(
        key=key,
        reason="meta_100_2804019",
        conversion=conversion(f"e-{key}"),
        rejected_at=now,
        expires_at=now + timedelta(days=30),
        fbtrace_id="trace-refused",
        session_id=SESSION_ID,
        consent=consent(),
        country="FR",
    )
    return replace(made, **changes)


def plain_e164(raw: str, country: str | None) -> str | None:
    """A stand-in for libphonenumber that is good enough where phones are not the subject."""
    digits = "".join(c for c in raw if c in "0123456789")
    return f"+{digits}" if digits and (raw.startswith("+") or country) else None
