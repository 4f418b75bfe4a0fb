"""Free ports, and whether something answers at an address."""

import http.client
import os
import random
import socket
from collections.abc import Iterable, Sequence

# Below the range that systems hand out by themselves (Linux 32768, macOS 49152), so that no
# outgoing connection takes the port between its choice and the start of its server.
_PORTS = range(15_000, 32_000)
_SHARES = 100
_given: set[int] = set()


def free_ports(wanted: int, *, taken: Sequence[int] = ()) -> list[int]:
    """
    Give different ports of 127.0.0.1 that nobody listens on, and that are not yet spoken for.

    A port is free to all until its server listens, which takes seconds on a busy machine. So none
    is given twice by one process, and each process begins with a share of its own: of two stacks
    that start at once neither takes the other's.
    """
    spoken_for = _given.union(taken)
    free = (port for port in _candidates() if port not in spoken_for and is_free(port))
    found = [next(free) for _ in range(wanted)]
    _given.update(found)
    return found


def _candidates() -> Iterable[int]:
    """Give every port once, those of this process's own share first."""
    own = _PORTS[os.getpid() % _SHARES :: _SHARES]
    drawn = random.sample(own, len(own)) + random.sample(_PORTS, len(_PORTS))
    return dict.fromkeys(drawn)


def answers(address: str, *, within: float = 1.0) -> bool:
    """Tell whether an HTTP server at `host:port` answers a GET at all, whatever it says."""
    # http.client knows no proxies; a laptop's own ports are nobody else's business.
    connection = http.client.HTTPConnection(address, timeout=within)
    try:
        connection.request("GET", "/")
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def is_free(port: int) -> bool:
    """Tell whether a server could listen there now."""
    with socket.socket() as listener:
        # As servers do it: a port whose last connections are still fading away counts as free.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
