"""terraform/ before Terraform itself and the real providers, without Google."""

import json
import shutil
import subprocess

import pytest

from shared import config
from shared.config import StoreSettings, TaskSettings
from tests.terraform.commands import planned_output, planned_values, terraform
from tests.terraform.configuration import TERRAFORM, settings_of
from tests.terraform.schema import copied, cut
from tests.terraform.settings_classes import SETTINGS_OF

FIVE_LINES = "five_lines_of_variables_make_a_live_system"
SHARDED = "a_trial_can_be_thrown_away"


def test_the_configuration_is_valid(workspace):
    said = json.loads(terraform(workspace, "validate", "-json").stdout)

    assert said["diagnostics"] == []
    assert said["valid"]


def test_the_copy_of_the_schemas_is_what_the_providers_say(workspace):
    real = cut(workspace)
    if real["versions"] != copied()["versions"]:
        pytest.skip(f"the copy is of {copied()['versions']}, here stand {real['versions']}")

    assert real == copied(), "python -m tests.terraform.schema FOLDER cuts it anew"


def test_each_variable_refuses_what_it_should(terraform_is_there, tmp_path):
    """
    variables.tf needs no provider, so its runs speak on every machine.
    """
    shutil.copy(TERRAFORM / "variables.tf", tmp_path)
    shutil.copytree(TERRAFORM / "tests/variables", tmp_path / "tests")

    done = terraform(tmp_path, "test", "-no-color")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 failed" in done.stdout


def test_the_example_of_variables_is_accepted(terraform_is_there, tmp_path):
    shutil.copy(TERRAFORM / "variables.tf", tmp_path)

    done = terraform(
        tmp_path,
        *("plan", "-input=false", "-no-color"),
        f"-var-file={TERRAFORM / 'terraform.tfvars.example'}",
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_real_provider_plans_everything_without_being_asked_to_make_it(workspace):
    done = terraform(workspace, "test", "-no-color", "-filter=tests/plan.tftest.hcl")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed, 0 failed" in done.stdout


def test_every_way_to_a_domain_is_planned_as_it_should_be(workspace):
    done = terraform(workspace, "test", "-no-color", "-filter=tests/domain.tftest.hcl")

    assert done.returncode == 0, done.stdout + done.stderr
    for way in ("none", "shop_path", "load_balancer"):
        assert f'run "{way}"... pass' in done.stdout


@pytest.fixture(scope="module")
def system(workspace):
    return terraform(workspace, "test", "-json", "-verbose", "-filter=tests/system.tftest.hcl")


def test_the_whole_system_is_planned_as_it_should_be(system):
    failed = [
        message["@message"] + str(message.get("diagnostic", ""))
        for message in map(json.loads, system.stdout.splitlines())
        if message["@level"] == "error"
    ]

    assert failed == []
    assert system.returncode == 0


@pytest.mark.parametrize("function", SETTINGS_OF)
def test_the_code_starts_with_what_terraform_sets(system, function):
    planned = planned_values(system.stdout, FIVE_LINES)
    after = planned[f'module.function["{function}"].google_cloudfunctions2_function.this']
    environment = after["service_config"][0]["environment_variables"]

    settings = SETTINGS_OF[function].from_env(environment)

    assert settings.store.project == "my-shop-123456"
    assert settings.tasks.service_account
    assert set(environment) - {"THREADS"} <= set(settings_of(function))


@pytest.mark.parametrize("function", SETTINGS_OF)
def test_the_code_takes_as_many_queues_as_terraform_makes(system, function):
    planned = planned_values(system.stdout, SHARDED)
    after = planned[f'module.function["{function}"].google_cloudfunctions2_function.this']
    environment = after["service_config"][0]["environment_variables"]

    tasks = SETTINGS_OF[function].from_env(environment).tasks

    assert (len(tasks.events_queues), len(tasks.purchases_queues)) == (3, 2)


def test_a_shell_takes_what_the_operators_command_needs(system):
    """
    The command reads the same settings as the functions; nobody has to put their names together.
    """
    exports = planned_output(system.stdout, SHARDED, "operator_settings")
    taken = subprocess.run(
        ["sh", "-euc", f"{exports}\nexec env"], env={}, capture_output=True, text=True, check=True
    ).stdout
    environment = dict(line.split("=", 1) for line in taken.splitlines())

    store, tasks = StoreSettings.from_env(environment), TaskSettings.from_env(environment)

    assert (store.project, store.database) == ("my-shop-123456", "trial")
    assert (len(tasks.events_queues), len(tasks.purchases_queues)) == (3, 2)
    assert tasks.service_account


def test_what_is_left_out_of_five_lines_is_the_codes_own_default(system):
    """
    Two defaults for one thing would drift apart: a shop would get another policy from Terraform
    than a laptop gets from the code.
    """
    after = planned_values(system.stdout, FIVE_LINES)[
        'module.function["dispatch"].google_cloudfunctions2_function.this'
    ]
    environment = after["service_config"][0]["environment_variables"]
    least = ("GOOGLE_CLOUD_PROJECT", "EVENTS_QUEUE", "PURCHASES_QUEUE", "DISPATCH_URL")
    least += ("META_DATASET_ID", "META_ACCESS_TOKEN", "STRIPE_API_KEY", "TASKS_SERVICE_ACCOUNT")
    bare = {name: environment[name] for name in least}

    assert config.DispatchSettings.from_env(environment) == config.DispatchSettings.from_env(bare)
