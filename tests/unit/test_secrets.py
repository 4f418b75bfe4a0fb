"""Secrets: cached for minutes, served stale while Secret Manager is away, and never printed."""

import pytest

from shared.adapters.secret_manager_secrets import KEPT_FOR, Secret, SecretManagerSecrets
from shared.usecases.ports.errors import SecretUnavailableError
from tests.builders import A_SECOND, NOW

REFERENCE = "projects/p/secrets/s/versions/latest"


class Manager:
    def __init__(self):
        self.value, self.reads, self.now, self.away = "one", 0, NOW, False
        self.secrets = SecretManagerSecrets(self.read, lambda: self.now)

    def read(self, reference: str) -> str:
        assert reference == REFERENCE
        self.reads += 1
        if self.away:
            raise SecretUnavailableError
        return self.value

    def get(self) -> str:
        return self.secrets.get(REFERENCE).reveal()


def test_a_secret_does_not_print():
    secret = Secret("hunter2")

    assert "hunter2" not in f"{secret} {secret!r} {[secret]}"


def test_a_plain_value_stands_for_itself_without_its_newline():
    assert SecretManagerSecrets(None, None).get("plain:whsec_x\n").reveal() == "whsec_x"


def test_a_secret_is_read_once_and_again_after_minutes():
    manager = Manager()

    assert [manager.get(), manager.get()] == ["one", "one"]
    assert manager.reads == 1
    manager.value, manager.now = "two", NOW + KEPT_FOR - A_SECOND
    assert manager.get() == "one"
    manager.now = NOW + KEPT_FOR
    assert manager.get() == "two"


def test_while_secret_manager_is_away_the_old_value_serves():
    manager = Manager()
    manager.get()
    manager.away, manager.now = True, NOW + 10 * KEPT_FOR

    assert manager.get() == "one"


def test_a_secret_that_was_never_read_is_missed_by_name():
    manager = Manager()
    manager.away = True

    with pytest.raises(SecretUnavailableError):
        manager.get()


def test_while_secret_manager_is_away_it_is_not_asked_by_every_caller():
    manager = Manager()
    manager.get()
    manager.away, manager.now = True, NOW + KEPT_FOR

    assert [manager.get() for _ in range(9)] == ["one"] * 9
    assert manager.reads == 2


def test_a_blank_secret_is_no_secret():
    manager = Manager()
    manager.value = " \n"

    with pytest.raises(SecretUnavailableError):
        manager.get()
