import pytest

from scripts.local import dev
from scripts.local.plan import Options, Place, PlanError, decide
from scripts.local.stack import inherited
from shared import config


def plan(*, store="firestore", emulator="", environment=None, **options):
    return decide(Options(**options), environment or {}, store, emulator)


def test_all_functions_can_read_the_settings():
    settings = plan().settings
    config.CollectSettings.from_env(settings)
    config.StripeWebhookSettings.from_env(settings)
    config.DispatchSettings.from_env(settings)
    config.ReconcileSettings.from_env(settings)


def test_the_environment_has_the_last_word():
    queue = "projects/p/locations/l/queues/q"
    given = {"TRUSTED_PROXY_HOPS": "1", "META_DATASET_ID": "42", "EVENTS_QUEUE": queue}
    assert given.items() <= plan(environment=given).settings.items()


def test_an_empty_setting_counts_as_absent():
    assert plan(environment={"META_DATASET_ID": ""}).settings["META_DATASET_ID"] == "1234567890"


@pytest.mark.parametrize(
    ("setting", "address", "place", "key"),
    [
        ("META_GRAPH_URL", "http://127.0.0.1:9", Place.META, "meta"),
        ("STRIPE_API_BASE", "http://127.0.0.1:9", Place.STRIPE, "stripe_api"),
        ("CLOUD_TASKS_ENDPOINT", "127.0.0.1:9", Place.CLOUD_TASKS, "cloud_tasks"),
    ],
)
def test_no_stand_in_is_started_for_an_address_that_is_given(setting, address, place, key):
    outside = plan(environment={setting: address})
    assert place in plan().ours
    assert place not in outside.ours
    assert outside.ready()[key] == outside.settings[setting] == address


def test_firestore_is_never_reached_but_at_an_emulator():
    # A store without an emulator's address would be the one in the cloud.
    ours = plan()
    assert ours.settings["FIRESTORE_EMULATOR_HOST"] == ours.local(Place.FIRESTORE)
    assert plan(emulator="localhost:1").settings["FIRESTORE_EMULATOR_HOST"] == "localhost:1"


def test_a_sqlite_stack_names_its_file_instead_of_an_emulator():
    ready = plan(store="sqlite:/tmp/x").ready()
    assert ready["store"] == "sqlite:/tmp/x"
    assert "firestore_emulator_host" not in ready


def test_what_is_left_out_is_not_named():
    ready = plan(meta=False, shop=False, environment={"META_GRAPH_URL": "http://x"}).ready()
    assert not {"meta", "shop"} & set(ready)


def test_leaving_meta_out_needs_another_meta():
    with pytest.raises(PlanError, match="--no-meta needs META_GRAPH_URL"):
        plan(meta=False)


def test_of_two_webhook_secrets_the_first_is_the_one_that_signs():
    secrets = {"STRIPE_WEBHOOK_SECRETS": "plain:whsec_new, plain:whsec_old"}
    assert plan(environment=secrets).ready()["stripe_webhook_secret"] == "whsec_new"


def test_a_secret_that_is_kept_elsewhere_cannot_sign():
    elsewhere = {"STRIPE_WEBHOOK_SECRETS": "projects/p/secrets/s/versions/latest"}
    with pytest.raises(PlanError, match="STRIPE_WEBHOOK_SECRETS is kept elsewhere"):
        plan(environment=elsewhere).ready()


def test_every_run_has_secrets_of_its_own():
    names = ("STRIPE_WEBHOOK_SECRETS", "STRIPE_API_KEY", "META_ACCESS_TOKEN")
    one, other = plan().settings, plan().settings
    assert all(one[name] != other[name] for name in names)


def test_ports_are_free_ones_unless_given():
    chosen = plan(ports={Place.SHOP: 15_001})
    assert chosen.ports[Place.SHOP] == 15_001
    assert "http://localhost:15001" in chosen.settings["SHOP_ORIGINS"]
    assert len(set(chosen.ports.values())) == len(Place)


def test_one_port_is_not_asked_for_twice():
    with pytest.raises(PlanError, match="15001 is asked for collect and for meta"):
        plan(ports={Place.COLLECT: 15_001, Place.META: 15_001})


@pytest.mark.parametrize("asked", ["collect", "collect=0", "collect=65536", "collect=x", "cart=1"])
def test_a_port_that_cannot_be_is_refused_before_anything_starts(asked, capsys):
    with pytest.raises(SystemExit) as stopped:
        dev.main(["--port", asked])

    assert stopped.value.code == 2
    assert "write NAME=PORT" in capsys.readouterr().err


def test_a_mistake_in_the_settings_is_told_before_anything_starts():
    with pytest.raises(PlanError, match=r"^CONSENT_REGIONS is malformed; write countries'"):
        plan(environment={"CONSENT_REGIONS": "EU"})


def test_the_functions_know_a_place_by_its_door_alone():
    doors = {Place.META: 15_002, Place.FIRESTORE: 15_003, Place.CLOUD_TASKS: 15_004}

    chosen = plan(doors=doors)

    assert chosen.settings["META_GRAPH_URL"] == "http://127.0.0.1:15002"
    assert chosen.settings["FIRESTORE_EMULATOR_HOST"] == "127.0.0.1:15003"
    assert chosen.settings["CLOUD_TASKS_ENDPOINT"] == "127.0.0.1:15004"
    assert not set(doors.values()) & set(chosen.ports.values())
    assert set(doors) <= chosen.ours


def test_a_terminals_python_path_does_not_reach_a_function():
    kept = inherited({"PYTHONPATH": "/x", "PORT": "1", "HOME": "/h", "no_proxy": "corp"})
    assert "PYTHONPATH" not in kept
    assert "PORT" not in kept
    assert (kept["HOME"], kept["no_proxy"]) == ("/h", "corp,127.0.0.1,localhost")
