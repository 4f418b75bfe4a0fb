import socket
from contextlib import closing

import pytest

from scripts.drills.door import Door
from scripts.local.addresses import free_ports
from scripts.local.http_messages import Response, Route
from scripts.local.http_server import HttpServer

PATIENCE_SECONDS = 30


@pytest.fixture
def server():
    route = Route("POST", "/echo", lambda request: Response(200, request.body))
    with HttpServer([route]) as serving:
        yield serving


@pytest.fixture
def door(server, free_port):
    with Door(free_port, server.port) as opened:
        yield opened


def knock(port):
    return closing(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS))


def ask(connection, body):
    head = f"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall(head.encode() + body)
    said = b""
    while not said.endswith(body):
        chunk = connection.recv(65536)
        assert chunk, said
        said += chunk


def test_an_open_door_carries_large_answers_both_ways(door, free_port):
    with knock(free_port) as connection:
        ask(connection, b"x" * 1_000_000)
        ask(connection, b"y")


def test_a_shut_door_refuses_and_an_open_one_lets_in_again(door, free_port):
    door.shut()
    with pytest.raises(ConnectionRefusedError):
        knock(free_port)

    door.open()

    with knock(free_port) as connection:
        ask(connection, b"again")


def test_who_is_inside_when_the_door_shuts_is_cut_off(door, free_port):
    with knock(free_port) as connection:
        ask(connection, b"first")
        door.shut()
        with pytest.raises(ConnectionResetError):
            connection.recv(1)


def test_a_door_that_leads_to_nobody_cuts_off_who_knocks(free_port):
    (nobody,) = free_ports(1, taken=[free_port])
    # The reset may be faster than the caller's own connect.
    with (
        Door(free_port, nobody),
        pytest.raises(ConnectionResetError),
        knock(free_port) as connection,
    ):
        connection.recv(1)
