"""What can be said of terraform/ on a machine that has neither Terraform nor its providers."""

import re

import pytest

from tests.terraform.configuration import FUNCTION, TERRAFORM, parse, read
from tests.terraform.schema import copied
from tests.terraform.static_check import complaints


@pytest.mark.parametrize("folder", [TERRAFORM, FUNCTION], ids=["terraform", "modules/function"])
def test_everything_that_is_named_is_there_and_nothing_required_is_left_out(folder):
    outputs = {"function": read(FUNCTION).named["output"]}

    assert complaints(read(folder), copied(), outputs) == []


QUEUE = """
resource "google_cloud_tasks_queue" "events" {
  name     = "events"
  location = "europe-west1"
  %s
}
"""


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        (QUEUE % "", None),
        (QUEUE % "max_attempts = 3", "google_cloud_tasks_queue.events: no argument max_attempts"),
        (QUEUE % "state = 1", "google_cloud_tasks_queue.events: state is read-only"),
        (QUEUE % "id = 1", None),
        (
            QUEUE % "retry_config {\n attempts = 1\n}",
            "google_cloud_tasks_queue.events.retry_config: no argument attempts",
        ),
        (
            QUEUE % "retry_config {\n}\nretry_config {\n}",
            "google_cloud_tasks_queue.events: at most 1 of retry_config",
        ),
        (
            QUEUE % 'dynamic "limits" {\n for_each = []\n content {\n }\n}',
            "google_cloud_tasks_queue.events: no block limits",
        ),
        (
            QUEUE.replace("location", "description") % "",
            "google_cloud_tasks_queue.events: location is required",
        ),
        (
            QUEUE.replace("cloud_tasks_queue", "cloud_task_queue") % "",
            "google_cloud_task_queue.events: the schemas have no resource google_cloud_task_queue",
        ),
        (QUEUE % "project = var.projekt", "var.projekt is not there"),
        (QUEUE % 'project = "${local.projekt}"', "local.projekt is not there"),
        (
            QUEUE % "project = google_cloud_tasks_queue.event.name",
            "google_cloud_tasks_queue.event is not there",
        ),
        (
            QUEUE % "project = google_cloud_tasks_queue.events.names",
            "google_cloud_tasks_queue.events has no names",
        ),
        (
            QUEUE % 'project = module.function["collect"].url',
            "module.function has no output url",
        ),
    ],
)
def test_a_wrong_name_is_seen(written, complaint):
    found = complaints(parse(written), copied(), {"function": {"name"}})

    assert (complaint in found) if complaint else found == []


def test_a_required_block_is_missed():
    budget = 'resource "google_billing_budget" "b" {\n billing_account = "1"\n}\n'

    found = complaints(parse(budget), copied(), {})

    assert "google_billing_budget.b: block amount is required" in found


def test_the_provider_and_terraform_are_bounded():
    for folder in (TERRAFORM, FUNCTION):
        text = (folder / "versions.tf").read_text("utf-8")
        assert 'required_version = ">= 1.11"' in text
        assert re.search(r'source  = "hashicorp/google"\s+version = ">= 7\.35, < 8\.0"', text)


@pytest.mark.parametrize("kind", ["variable", "output"])
def test_variables_and_outputs_are_in_alphabetical_order_and_described(kind):
    for folder in (TERRAFORM, FUNCTION):
        text = (folder / f"{kind}s.tf").read_text("utf-8")
        names = re.findall(rf'(?m)^{kind} "(\w+)"', text)
        assert names == sorted(names)
        assert len(re.findall(r"(?m)^  description\s+=", text)) == len(names)


def test_no_version_of_a_secret_is_terraforms():
    types = {block.type for folder in (TERRAFORM, FUNCTION) for block in read(folder).blocks}

    assert "google_secret_manager_secret" in types
    assert "google_secret_manager_secret_version" not in types


def test_each_validation_of_a_variable_has_a_run_that_it_refuses():
    variables = (TERRAFORM / "variables.tf").read_text("utf-8")
    runs = (TERRAFORM / "tests/variables/variables.tftest.hcl").read_text("utf-8")
    refused = re.findall(r"expect_failures = \[var\.(\w+)\]", runs)
    validations = []
    for block in re.split(r'(?m)^(?=variable ")', variables)[1:]:
        name = re.match(r'variable "(\w+)"', block)[1]
        validations += [name] * len(re.findall(r"(?m)^  validation \{", block))

    assert sorted(refused) == sorted(validations)


def test_each_refusal_says_what_to_write():
    variables = (TERRAFORM / "variables.tf").read_text("utf-8")
    messages = re.findall(r'error_message = "(.*)"\n', variables)

    assert messages
    for message in messages:
        assert re.match(r"[a-z_]+[\w.*, ]*: ", message), message
        assert re.search(r"\bwrite\b|\bare\b", message), message


def test_the_readme_says_what_each_alert_means_and_names_each_variable():
    readme = (TERRAFORM / "README.md").read_text("utf-8")
    named = set(re.findall(r"`(\w+)`", readme.split("## Variables")[1].split("## Files")[0]))
    alerts = read().locals["alerts"]
    rows = readme.split("## What each alert means")[1].split("\n## ")[0]

    assert read().named["variable"] <= named
    for alert in alerts.values():
        title = re.sub(r"\$\{.*?\}", "@", alert["title"])
        assert re.search(re.escape(title[:30]).replace("@", ".+"), rows), alert["title"]
    assert rows.count("\n| ") == len(alerts) + 1
