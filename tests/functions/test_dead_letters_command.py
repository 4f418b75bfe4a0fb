"""./scripts/settled dead-letters: what it shows, what it does, and how it ends."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from scripts.cli.dead_letter_words import fields_of, words_of
from scripts.cli.errors import AskedWronglyError
from scripts.cli.main import app
from scripts.cli.wanted_letters import Choice, insist_on_a_choice, operator
from scripts.local.cloud_tasks import CloudTasks
from scripts.local.cloud_tasks.answers import Responded
from shared.adapters.sqlite_dead_letters import SqliteDeadLetters
from shared.adapters.sqlite_ledger import SqliteLedger
from shared.adapters.sqlite_store import SqliteStore
from shared.adapters.task_bodies import decode
from shared.domain.audit import Deed
from shared.domain.conversions import Destination
from shared.domain.custom_data import CustomData
from shared.domain.dead_letters import LetterState
from shared.domain.deliveries import Delivery, State
from shared.domain.outcomes import Rejected
from shared.domain.rejected_deliveries import RejectedDelivery
from tests.builders import A_DAY, NOW, conversion, letter, purchase
from tests.functions.outside import until
from tests.functions.served import QUEUES
from tests.functions.settled_command import SETTINGS

META = Destination.META
RUNNER = CliRunner()
SECRETS = ("203.0.113.9", "Mozilla", "fb.1.1795500000000", "shop.example", "s_0123456789")


def fresh(key, now, **changes):
    """Give a letter of a moment ago, so that it is not too old whenever this runs."""
    given = conversion(
        f"e-{key}", event_time=int(now.timestamp()) - 60, custom_data=CustomData(search_string="x")
    )
    return letter(key, now, **{"conversion": given} | changes)


def dead(key, now, **changes):
    delivery = Delivery().queued(now).closed_by(Rejected("meta_100_2804003", "trace-9"), now)
    return purchase(key, now, **changes).with_delivery(META, delivery, now)


class Remembering:
    """Dispatch's place: answers 204 to everything and remembers it."""

    def __init__(self):
        self.arrived = []

    def post(self, request):
        self.arrived.append(decode(request.body))
        return Responded(204)

    def close(self):
        return


class Deployment:
    """A store with dead letters, and queues that remember what they are given."""

    def __init__(self, folder):
        self.path = folder / "settled.sqlite"
        self.store = SqliteStore(self.path)
        self.letters, self.ledger = SqliteDeadLetters(self.store), SqliteLedger(self.store)
        dispatch = Remembering()
        self.arrived = dispatch.arrived
        names = [f"{QUEUES}/events", f"{QUEUES}/purchases"]
        self.queues = CloudTasks(names, poster=dispatch).start()
        now = datetime.now(UTC)
        for key, reason in (("d-1", "meta_100_7"), ("d-2", "meta_100_7"), ("d-3", "too_old")):
            self.letters.keep(fresh(key, now, reason=reason))
        self.ledger.add(dead("pi_1", now - timedelta(minutes=1)))

    def close(self):
        self.queues.stop()
        self.store.close()

    def settled(self, *arguments, **settings):
        given = {
            "STORE": f"sqlite:{self.path}",
            "GOOGLE_CLOUD_PROJECT": "demo-dead-letters",
            "CLOUD_TASKS_ENDPOINT": self.queues.address,
            "EVENTS_QUEUE": f"{QUEUES}/events",
            "PURCHASES_QUEUE": f"{QUEUES}/purchases",
            "DISPATCH_URL": "http://127.0.0.1:9",
        }
        # In this process: one more interpreter for each question would take a second.
        unset = dict.fromkeys(SETTINGS)
        return RUNNER.invoke(app, ["dead-letters", *arguments], env=unset | given | settings)

    def listed(self, *arguments):
        asked = self.settled("list", "--json", *arguments)
        assert asked.exit_code == 0, asked.stderr
        return json.loads(asked.stdout)["dead_letters"]

    def shown(self, key):
        return json.loads(self.settled("show", key, "--json").stdout)


@pytest.fixture
def deployment(tmp_path):
    made = Deployment(tmp_path)
    yield made
    made.close()


def test_both_kinds_are_listed_for_a_person_and_for_programs(deployment):
    table = deployment.settled("list")
    rows = deployment.listed()

    assert table.exit_code == 0, table.stderr
    assert [row["id"] for row in rows] == ["pi_1", "d-1", "d-2", "d-3"]
    assert [row["kind"] for row in rows] == ["purchase", "event", "event", "event"]
    assert (rows[0]["amount"], rows[0]["currency"]) == ("59.90", "EUR")
    assert (rows[1]["event_name"], rows[1]["replay"]) == ("ViewContent", "possible")
    for row in rows:
        assert row["id"] in table.stdout
        assert row["reason"] in table.stdout


def test_a_list_may_be_narrowed_and_says_where_it_was_cut_off(deployment):
    tomorrow = str((datetime.now(UTC) + A_DAY).date())
    cut = json.loads(deployment.settled("list", "--json", "--limit", "1").stdout)

    assert [row["id"] for row in deployment.listed("--reason", "too_old")] == ["d-3"]
    assert [row["id"] for row in deployment.listed("--kind", "purchase")] == ["pi_1"]
    assert deployment.listed("--day", tomorrow) == []
    assert [row["id"] for row in cut["dead_letters"]] == ["pi_1"]
    assert cut["more"] is True
    assert "more than these 1" in deployment.settled("list", "--limit", "1").stdout


def test_what_is_shown_names_the_fields_and_never_their_values(deployment):
    for key in ("d-1", "pi_1"):
        page = deployment.settled("show", key)
        said = page.stdout + json.dumps(deployment.shown(key))

        assert page.exit_code == 0, page.stderr
        assert "em, client_ip_address, client_user_agent" in page.stdout
        assert not [secret for secret in (*SECRETS, *purchase().customer.em) if secret in said]
    assert deployment.shown("d-1")["has"]["custom_data"] == ["search_string"]
    assert deployment.shown("pi_1")["has"]["custom_data"] == ["value", "currency"]


def test_a_replay_by_id_is_one_task_however_often_it_is_typed(deployment):
    for says in ("d-1  queued", "d-1  already_queued"):
        asked = deployment.settled("replay", "d-1", "--by", "ada@shop.example")
        assert (asked.exit_code, asked.stderr) == (0, "")
        assert asked.stdout.startswith(says)

    until(lambda: deployment.arrived)
    shown = deployment.shown("d-1")
    assert [task.letter for task in deployment.arrived] == ["d-1"]
    assert shown["state"] == "queued"
    assert [(act["deed"], act["by"]) for act in shown["acts"]] == [("replayed", "ada@shop.example")]
    page = deployment.settled("show", "d-1").stdout
    assert "replayed by ada@shop.example, was meta_100_7" in page


def test_a_replay_by_reason_takes_those_and_no_others(deployment):
    asked = deployment.settled("replay", "--reason", "meta_100_7", "--by", "ada")

    assert asked.exit_code == 0, asked.stderr
    assert asked.stdout == "d-1  queued\nd-2  queued\n2 queued\n"
    until(lambda: len(deployment.arrived) == 2)
    assert [row["id"] for row in deployment.listed()] == ["pi_1", "d-3"]


def test_a_purchase_is_replayed_by_its_sale_key(deployment):
    asked = deployment.settled("replay", "pi_1", "--by", "ada")

    assert asked.exit_code == 0, asked.stderr
    [task] = until(lambda: deployment.arrived)
    assert task.sale_key == "pi_1"
    delivery = deployment.ledger.find("pi_1").purchase.deliveries[META]
    assert (delivery.state, delivery.tasks) == (State.QUEUED, 2)


@pytest.mark.parametrize(("deed", "says"), [("replay", "queued"), ("drop", "dropped")])
def test_a_dry_run_says_what_would_be_done_and_does_nothing(deployment, deed, says):
    before = deployment.listed()

    asked = deployment.settled(deed, "--kind", "event", "--dry-run")

    assert asked.exit_code == 0, asked.stderr
    for key in ("d-1", "d-2", "d-3"):
        assert f"{key}  would be {says}\n" in asked.stdout
    assert asked.stdout.endswith(f"nothing was changed: 3 {says}\n")
    assert deployment.listed() == before
    assert deployment.arrived == []


def test_dropping_takes_a_letter_from_the_list_and_keeps_who_did_it(deployment):
    asked = deployment.settled("drop", "d-3", "pi_1", "--by", "ada")

    assert asked.exit_code == 0, asked.stderr
    assert [row["id"] for row in deployment.listed()] == ["d-1", "d-2"]
    dropped = {row["id"]: row for row in deployment.listed("--all")}
    assert (dropped["d-3"]["state"], dropped["pi_1"]["state"]) == ("dropped", "rejected")
    assert all(dropped[key]["acts"][0]["by"] == "ada" for key in ("d-3", "pi_1"))
    assert deployment.shown("d-3")["has"]["user_data"] == []


def test_what_cannot_be_replayed_is_named_and_ends_in_failure(deployment):
    deployment.letters.keep(fresh("d-old", datetime.now(UTC) - 8 * A_DAY))

    asked = deployment.settled("replay", "d-old", "d-1", "d-nobody", "--by", "ada")

    assert asked.exit_code == 1
    assert "d-old  too_old; Meta takes nothing that is older than 7 days" in asked.stdout
    assert "d-1  queued\n" in asked.stdout
    assert "d-nobody  no_such_letter; look the id up" in asked.stdout
    assert asked.stdout.endswith("1 no_such_letter, 1 queued, 1 too_old\n")


@pytest.mark.parametrize(
    ("arguments", "settings", "status", "says"),
    [
        (["replay"], {}, 2, "say which: ids, --reason, --kind, --day, or --from and --to"),
        (["drop", "d-1", "--reason", "x"], {}, 2, "give ids, or choose by --reason"),
        (["replay", "d-1", "--by", " "], {}, 2, "--by is empty or no name"),
        (["list", "--day", "today"], {}, 2, "--day is 'today'; write a day like 2026-11-24"),
        (["show", "d-nobody"], {}, 1, "d-nobody: no_such_letter; look the id up"),
        (["replay", "d-1"], {"EVENTS_QUEUE": ""}, 2, "EVENTS_QUEUE is missing"),
        (["replay", "d-1"], {"CLOUD_TASKS_ENDPOINT": ""}, 2, "TASKS_SERVICE_ACCOUNT is missing"),
        (["replay", "d-1"], {"CLOUD_TASKS_ENDPOINT": "127.0.0.1:9"}, 1, "the queue is away"),
    ],
)
def test_what_goes_wrong_is_said_in_one_line(deployment, arguments, settings, status, says):
    asked = deployment.settled(*arguments, **settings)

    assert (asked.exit_code, asked.stdout) == (status, "")
    assert asked.stderr.startswith(f"settled: {says}")
    assert asked.stderr.count("\n") == 1
    assert [row["id"] for row in deployment.listed()] == ["pi_1", "d-1", "d-2", "d-3"]


def test_the_machines_user_is_who_acts_where_nobody_says_otherwise(monkeypatch):
    monkeypatch.setattr("getpass.getuser", lambda: "grace")

    assert operator(None) == "grace"
    assert operator(" ada@shop.example ") == "ada@shop.example"


@pytest.mark.parametrize("by", ["", "a" * 101, "ada\nbob", "\x1b[31mada"])
def test_a_name_that_could_forge_the_audit_is_refused(by):
    with pytest.raises(AskedWronglyError):
        operator(by)


def test_a_machine_that_names_no_user_asks_for_one(monkeypatch):
    def nobody():
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr("getpass.getuser", nobody)

    with pytest.raises(AskedWronglyError, match="say who you are with --by"):
        operator(None)


def test_an_empty_choice_chooses_nothing():
    with pytest.raises(AskedWronglyError):
        insist_on_a_choice([], Choice())
    insist_on_a_choice(["d-1"], Choice())
    insist_on_a_choice([], Choice(reason="x"))


def test_words_tell_what_became_of_each_kind():
    replayed = replace(
        letter().replayed(by="ada", now=NOW), state=LetterState.REPLAYED, ended_at=NOW
    )
    owed = RejectedDelivery(dead("pi_1", NOW), META).repaired(by="ada", now=NOW)

    event = words_of(replayed, now=NOW)
    sale = words_of(RejectedDelivery(owed, META), now=NOW)

    assert (event["state"], event["replay"]) == ("replayed", "already_accepted")
    assert event["ended_at"] == "2026-11-24T12:00:00Z"
    assert (sale["state"], sale["replay"]) == ("owed", "already_queued")
    assert [act["deed"] for act in (*event["acts"], *sale["acts"])] == [Deed.REPLAYED] * 2
    assert fields_of(letter().dropped(by="ada", now=NOW)) == {
        "event": [],
        "user_data": [],
        "custom_data": [],
    }
