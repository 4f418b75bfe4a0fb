"""Terraform where it is, and its providers where they are."""

import shutil

import pytest

from tests.conftest import missing
from tests.terraform.commands import NoProvidersError, copy_of_repository, init


@pytest.fixture(scope="session")
def terraform_is_there():
    if shutil.which("terraform") is None:
        missing("terraform", "install Terraform 1.11 or newer")


@pytest.fixture(scope="session")
def workspace(terraform_is_there, tmp_path_factory):
    """
    Give a copy of terraform/ that is initialised.

    Where there are no providers this is a skip, in CI too: nothing of ours can bring them, and the
    static check speaks everywhere.
    """
    folder = copy_of_repository(tmp_path_factory.mktemp("terraform")) / "terraform"
    try:
        init(folder)
    except NoProvidersError as error:
        pytest.skip(
            "terraform's providers stand neither in its implied mirror nor in a registry that this "
            f"machine reaches, so the static check alone ran: {error}"
        )
    return folder
