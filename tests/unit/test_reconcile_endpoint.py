"""What `reconcile` answers and writes; alerts read these lines."""

import json
from datetime import timedelta

import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from shared.domain.conversions import Destination
from shared.domain.destinations import Running, Standing
from shared.domain.outcomes import Accepted, Because, Deferred
from shared.domain.reconciling import Listed
from shared.http.reconcile_endpoint import ReconcileEndpoint
from shared.usecases.probe_destinations import Probed
from shared.usecases.reconcile_stripe import Reconciled, Tally
from shared.usecases.relay_deliveries import Relayed
from tests.builders import NOW

META = Destination.META
PAUSED = Standing(Running.PAUSED, "meta_190", since=NOW)
DEAD_TOKEN = Deferred(Because.MISCONFIGURED, "meta_190")


class Probe:
    """Has nothing to ask by itself, and says what it was told to say."""

    def __init__(self, probed):
        self.probed = probed

    def __call__(self):
        return self.probed

    def when_due(self, _seen):
        return [], None


@pytest.fixture
def ask(capsys):
    def run(path, *, relayed=None, probed=None, reconciled=None, method="POST"):
        endpoint = ReconcileEndpoint(
            relay=lambda now: relayed,
            stripe=lambda deadline: reconciled,
            probe=Probe(probed),
            statement=None,
            project="p",
            clock=lambda: NOW,
        )
        response = endpoint(Request(EnvironBuilder(path=path, method=method).get_environ()))
        [line] = capsys.readouterr().out.splitlines()
        return response, json.loads(line)

    return run


def test_the_relay_says_how_old_the_oldest_debt_is(ask):
    counts = Relayed(5, 3, 1, oldest_owed_for=timedelta(seconds=90.5))

    response, line = ask("/relay", relayed=counts)

    assert response.get_json() == {"found": 5, "queued": 3, "parked": 1}
    assert (line["path"], line["oldest_owed_s"], line["parked"]) == ("relay", 90, 1)
    assert line["severity"] == "INFO"


def test_a_ledger_without_debts_says_zero(ask):
    _, line = ask("/relay", relayed=Relayed())

    assert line["oldest_owed_s"] == 0


def test_a_queue_that_is_away_still_says_how_old_the_oldest_debt_is(ask):
    response, line = ask("/relay", relayed=Relayed(2, left=2, oldest_owed_for=timedelta(hours=1)))

    assert (response.status_code, response.get_json()["error"]) == (503, "queue_away")
    assert line["oldest_owed_s"] == 3_600


def test_a_probe_of_a_running_destination_says_so(ask):
    response, line = ask("/probe", probed=([Probed(META, Standing(), Accepted())], None))

    assert response.status_code == 200
    assert response.get_json()["destinations"] == {"meta": {"state": "running", "reason": None}}
    assert (line["path"], line["destination"], line["state"]) == ("probe", "meta", "running")
    assert (line["severity"], "paused" in line, "resumed" in line) == ("INFO", False, False)


def test_the_probe_that_finds_a_dead_token_sounds_the_alarm(ask):
    _, line = ask("/probe", probed=([Probed(META, PAUSED, DEAD_TOKEN, has_paused=True)], None))

    assert (line["severity"], line["paused"], line["reason"]) == ("ERROR", "meta", "meta_190")


def test_a_pause_that_goes_on_is_no_new_alarm(ask):
    _, line = ask("/probe", probed=([Probed(META, PAUSED, DEAD_TOKEN)], None))

    assert (line["severity"], line["state"], "paused" in line) == ("WARNING", "paused", False)


def test_the_probe_that_resumes_says_so_and_how_many_debts_it_queued(ask):
    running = Standing(since=NOW)
    resumed = Probed(META, running, Accepted(), has_resumed=True)

    response, line = ask("/probe", probed=([resumed], Relayed(7, 7)))

    assert response.get_json()["queued"] == 7
    assert (line["resumed"], line["state"], line["queued"]) == ("meta", "running", 7)


@pytest.mark.parametrize(
    ("away", "severity"), [("http_500_unknown", "WARNING"), ("key_refused", "ERROR")]
)
def test_stripe_may_be_away_but_a_key_that_it_refuses_sounds_the_alarm(ask, away, severity):
    """
    Every run would end so until somebody changes the key.
    """
    reconciled = Reconciled({Listed.EVENTS: Tally(away=away)})

    response, line = ask("/stripe", reconciled=reconciled)

    assert (response.status_code, response.get_json()["error"]) == (503, "stripe_away")
    assert "STRIPE_API_KEY" in response.get_json()["advice"]
    assert (line["severity"], line["reason"]) == (severity, away)


@pytest.mark.parametrize(("path", "method", "status"), [("/", "POST", 404), ("/probe", "GET", 405)])
def test_nothing_else_is_done(ask, path, method, status):
    response, _ = ask(path, method=method)

    assert response.status_code == status
