"""Ports that are chosen now and listened on later."""

import os
import socket

import pytest

from scripts.local import addresses
from scripts.local.addresses import free_ports


@pytest.fixture(autouse=True)
def nothing_was_given_before(monkeypatch):
    monkeypatch.setattr(addresses, "_given", set())


def test_no_port_is_given_twice_although_nothing_listens_there_yet():
    given = [port for _ in range(8) for port in free_ports(20)]

    assert len(set(given)) == len(given)


def test_what_somebody_else_has_spoken_for_is_not_given(monkeypatch):
    monkeypatch.setattr(addresses, "_PORTS", range(15_000, 15_010))
    monkeypatch.setattr(addresses, "is_free", lambda _: True)

    assert set(free_ports(5, taken=range(15_000, 15_005))) == set(range(15_005, 15_010))


def test_processes_that_choose_at_once_choose_from_shares_of_their_own(monkeypatch):
    """
    Nothing listens yet, so none can see what the others have chosen.
    """
    chosen = []
    for number in range(4_000, 4_020):
        monkeypatch.setattr(os, "getpid", lambda number=number: number)
        chosen += free_ports(100)

    assert len(set(chosen)) == len(chosen)


def test_a_share_that_is_used_up_is_not_the_end(monkeypatch):
    monkeypatch.setattr(addresses, "_PORTS", range(15_000, 15_500))
    monkeypatch.setattr(addresses, "is_free", lambda _: True)

    assert len(set(free_ports(500))) == 500


def test_a_port_that_somebody_listens_on_is_not_free(free_port):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_port))
        taken.listen()

        assert not addresses.is_free(free_port)
    assert addresses.is_free(free_port)
