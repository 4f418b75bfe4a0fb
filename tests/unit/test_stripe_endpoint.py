"""What `stripe_webhook` writes: people and alerts read these lines."""

import json

import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from shared.http.stripe_endpoint import LiveSecrets, StripeEndpoint
from shared.usecases.ports.stripe import Proof
from tests.builders import NOW


@pytest.fixture
def post(capsys):
    def run(body):
        endpoint = StripeEndpoint(
            take=None,  # Nothing here is taken; calling it fails.
            verify=lambda *_: Proof.GOOD,
            secrets=lambda: LiveSecrets(("whsec_1",)),
            project="p",
            clock=lambda: NOW,
        )
        signed = {"Stripe-Signature": "t=1,v1=00"}
        builder = EnvironBuilder(method="POST", data=json.dumps(body), headers=signed)
        response = endpoint(Request(builder.get_environ()))
        [line] = capsys.readouterr().out.splitlines()
        return response, json.loads(line)

    return run


def test_a_thin_event_is_named_in_the_log(post):
    response, line = post(
        {"id": "evt_1", "object": "v2.core.event", "type": "v1.checkout.session.completed"}
    )

    assert (response.status_code, response.get_json()["reason"]) == (200, "thin_event")
    assert (line["stripe_event_id"], line["stripe_event_type"], line["severity"]) == (
        "evt_1",
        "v1.checkout.session.completed",
        "WARNING",
    )


@pytest.mark.parametrize(
    "named", [{}, {"id": None, "type": None}, {"id": "evt/1", "type": 7}, {"id": [], "type": {}}]
)
def test_a_thin_event_that_names_nothing_is_answered_all_the_same(post, named):
    response, line = post({"object": "v2.core.event", **named})

    assert response.status_code == 200
    assert (line["stripe_event_id"], line["stripe_event_type"]) == ("", "")
