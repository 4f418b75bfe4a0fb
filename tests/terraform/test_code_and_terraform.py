"""What the code needs and what Terraform gives are the same thing, said twice."""

import ast
import inspect
import json
import re
import typing
from functools import cache
from importlib import import_module

import pytest

from scripts.cli.cost_prices import PRICES, Item
from shared import logs
from shared.adapters import cloud_tasks
from shared.domain import retry_plan
from shared.domain.event_names import STANDARD
from shared.domain.refusals import Refusal
from shared.domain.stripe_readers import READ_TYPES
from shared.environment import SettingError
from shared.http import reconcile_endpoint
from shared.usecases.dispatch_purchase import Closed
from shared.wiring import parts
from tests.functions.served import SETTINGS
from tests.terraform.configuration import FUNCTION, ROOT, TERRAFORM, read, settings_of
from tests.terraform.settings_classes import FUNCTIONS, SETTINGS_OF

# Where stand-ins take the place of the real thing; in production these stay unset.
LAPTOP_ONLY = {
    "STORE",
    "FIRESTORE_EMULATOR_HOST",
    "CLOUD_TASKS_ENDPOINT",
    "META_GRAPH_URL",
    "STRIPE_API_BASE",
}


class Noting(dict):
    """An environment that notes which names are asked for."""

    def __init__(self):
        super().__init__(SETTINGS)
        self.asked = set()

    def get(self, name, default=None):
        self.asked.add(name)
        return super().get(name, default)

    def __getitem__(self, name):
        self.asked.add(name)
        return super().__getitem__(name)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_terraform_sets_each_setting_that_the_code_reads_and_no_other(function):
    environment = Noting()
    SETTINGS_OF[function].from_env(environment)

    assert set(settings_of(function)) == environment.asked - LAPTOP_ONLY


def test_threads_is_the_only_setting_that_is_not_the_codes():
    function = read(FUNCTION).of_type("google_cloudfunctions2_function")["this"]
    merged = function["service_config"][0]["environment_variables"]

    assert re.findall(r"\b([A-Z_]{3,})\b", merged) == ["THREADS"]


# Which queues: a builder's use cases, and whatever those import, name them.


def imports_of(tree):
    """Yield the modules of ours that some code imports, whether at its top or inside."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("shared."):
            yield node.module
            yield from (f"{node.module}.{each.name}" for each in node.names)


@cache
def tree_of(module):
    path = ROOT / (module.replace(".", "/") + ".py")
    return ast.parse(path.read_text("utf-8")) if path.is_file() else None


def builder(function):
    """Give the code that puts a function together, and of each of the parts that it asks for."""
    pieces, waiting = [], [import_module(f"shared.wiring.of_{function}")]
    while waiting:
        source = inspect.getsource(waiting.pop())
        tree = ast.parse(source)
        if source in pieces:
            continue
        pieces.append(source)
        called = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        called |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        waiting += [
            part
            for name, part in vars(parts).items()
            if name in called and inspect.isfunction(part) and part.__module__ == parts.__name__
        ]
    return [ast.parse(piece) for piece in pieces]


def queues_named_by(function):
    seen, waiting = set(), [module for tree in builder(function) for module in imports_of(tree)]
    while waiting:
        module = waiting.pop()
        if module in seen or not module.startswith("shared.usecases."):
            continue
        seen.add(module)
        if tree := tree_of(module):
            waiting += imports_of(tree)
    return {
        node.attr.lower()
        for module in seen
        if (tree := tree_of(module))
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "Queue"
    }


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_may_put_tasks_into_the_queues_that_its_code_names(function):
    assert set(read().locals["enqueues"][function]) == queues_named_by(function)


def secret_settings(function):
    """Give the settings that are read as references, by giving each something that is none."""
    environment = Noting()
    SETTINGS_OF[function].from_env(environment)
    found = set()
    for name in environment.asked & SETTINGS.keys():
        try:
            SETTINGS_OF[function].from_env(SETTINGS | {name: "no reference"})
        except SettingError as error:
            if "/secrets/" in str(error):
                found.add(name)
        except ValueError:
            # Of no setting alone, so it is none that refers.
            continue
    return found


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_may_read_the_secrets_that_its_code_reads(function):
    """
    secrets.tf grants what a function's settings name; so those have to name secrets and no values.
    """
    referring = {
        name
        for name, value in settings_of(function).items()
        if "local.secret_references[" in str(value)
    }
    granted = set(re.findall(r'setting = "(\w+)"', (TERRAFORM / "secrets.tf").read_text("utf-8")))

    assert referring == secret_settings(function)
    assert referring <= granted


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_that_reads_secrets_has_the_client_and_no_other_function_has(function):
    calls_secrets = any("secrets()" in ast.unparse(tree) for tree in builder(function))

    assert calls_secrets == bool(secret_settings(function))


def seconds(text):
    return int(re.fullmatch(r"(\d+)s", text)[1])


@pytest.mark.parametrize("kind", ["events", "purchases"])
def test_a_queue_tries_as_long_as_dispatch_thinks_it_does(kind):
    plan = getattr(retry_plan, kind.upper())
    (retry,) = read().of_type("google_cloud_tasks_queue")[kind]["retry_config"]

    assert retry == {
        "max_attempts": plan.max_attempts,
        "max_retry_duration": "0s",
        "min_backoff": f"{int(plan.min_backoff.total_seconds())}s",
        "max_backoff": f"{int(plan.max_backoff.total_seconds())}s",
        "max_doublings": plan.max_doublings,
    }


def test_an_attempt_ends_before_its_task_is_taken_for_failed():
    deadline = next(
        value for name, value in vars(cloud_tasks).items() if name == "_DISPATCH_LASTS_AT_MOST"
    )

    assert read().locals["_functions"]["dispatch"]["timeout"] < deadline.total_seconds()


def test_a_job_ends_by_itself_before_it_is_cut_off():
    run = reconcile_endpoint._LASTS_AT_MOST.total_seconds()
    statement = reconcile_endpoint._STATES_AT_MOST.total_seconds()

    assert read().locals["_functions"]["reconcile"]["timeout"] > max(2 * run, statement + 30)


def test_cloud_scheduler_asks_for_the_jobs_that_reconcile_knows_but_for_what_the_relay_does():
    """
    Three jobs a billing account are free: the relay asks the destinations by itself.
    """
    assert set(read().locals["jobs"]) == set(reconcile_endpoint._JOBS) - {"probe"}
    assert len(read().locals["jobs"]) <= PRICES[Item.JOBS].free


# Filters of logs and metrics name fields of the one line a request.


def test_filters_name_fields_that_a_line_may_have():
    text = (TERRAFORM / "logs.tf").read_text("utf-8") + (TERRAFORM / "alerts.tf").read_text("utf-8")
    named = set(re.findall(r"jsonPayload\.(\w+)", text))

    assert {"oldest_owed_s", "paused", "rejected", "adds_up", "outcome"} <= named
    assert named <= typing.get_type_hints(logs.Fields).keys()


@pytest.mark.parametrize(
    ("file", "field"),
    [
        ("http/reconcile_endpoint.py", "oldest_owed_s"),
        ("http/reconcile_endpoint.py", "paused"),
        ("http/dispatch_endpoint.py", "paused"),
        ("http/dispatch_endpoint.py", "rejected"),
        ("http/purchase_answer.py", "sale_key"),
        ("http/statement_answer.py", "adds_up"),
        ("http/collect_answers.py", "dropped"),
    ],
)
def test_the_function_that_an_alert_listens_to_writes_the_field(file, field):
    written = {
        keyword.arg
        for node in ast.walk(ast.parse((ROOT / "shared" / file).read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("line.note")
        for keyword in node.keywords
    }

    assert field in written


def test_filters_name_outcomes_and_refusals_that_there_are():
    text = (TERRAFORM / "logs.tf").read_text("utf-8") + (TERRAFORM / "alerts.tf").read_text("utf-8")
    outcomes = set(re.findall(r'\\"(\w+)\\"', re.search(r"outcome=\((.*?)\)", text)[1]))
    errors = set(re.findall(r'\\"(\w+)\\"', " ".join(re.findall(r"error=(\(.*?\)|\S+)", text))))

    assert outcomes == {"rejected", Closed.EXPIRED.value}
    assert errors == {Refusal.BAD_SIGNATURE, Refusal.SIGNATURE_EXPIRED, Refusal.INTERNAL}


def test_stripe_is_asked_for_events_that_the_code_reads_and_the_readme_names():
    text = (TERRAFORM / "outputs.tf").read_text("utf-8")
    output = text.split('output "stripe_webhook_events"')[1].split("\noutput ")[0]
    asked = set(re.findall(r'"([a-z_]+(?:\.[a-z_]+)+)"', output))
    readme = (ROOT / "README.md").read_text("utf-8")
    named = readme.split("**3. The webhook.**")[1].split("Put its signing secret")[0]

    assert asked <= READ_TYPES
    assert asked == set(re.findall(r"`([a-z_]+(?:\.[a-z_]+)+)`", named))


def test_terraform_knows_metas_standard_events_as_the_code_does():
    variables = (TERRAFORM / "variables.tf").read_text("utf-8")
    named = re.search(r"!contains\(\[(.*?)\]", variables, re.DOTALL)[1]

    assert set(re.findall(r'"(\w+)"', named)) == {name.lower() for name in STANDARD}


def test_the_tag_snippet_is_the_readmes():
    output = (TERRAFORM / "outputs.tf").read_text("utf-8").split('output "tag_snippet"')[1]
    snippet = re.search(r'value\s+= "(.*)"\n', output)[1].replace(r"\"", '"')
    filled = snippet.replace("${local.collect_url}", "https://shop.example/s")
    filled = filled.replace("${var.meta.dataset_id}", "1234567890")

    assert filled in (ROOT / "README.md").read_text("utf-8")


def test_the_rules_are_for_nobody():
    rules = (TERRAFORM / "firestore.rules").read_text("utf-8")

    assert re.findall(r"allow .*;", rules) == ["allow read, write: if false;"]


def test_the_schema_copy_is_of_the_version_that_is_allowed():
    versions = json.loads((ROOT / "tests/terraform/providers-schema.json").read_text())["versions"]
    major, minor, _ = map(int, versions["google"].split("."))

    assert (7, 35) <= (major, minor) < (8, 0)
