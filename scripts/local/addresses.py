"""Free ports, and whether something answers at an address."""

import http.client
import random
import socket
from collections.abc import Sequence

# Below the range that systems hand out by themselves (Linux 32768, macOS 49152), so that no
# outgoing connection takes the port between its choice and the start of its server.
_PORTS = range(15_000, 32_000)


def free_ports(wanted: int, *, taken: Sequence[int] = ()) -> list[int]:
    """Give different ports of 127.0.0.1 that nobody listens on, and that are not yet spoken for."""
    # Drawn at random, so that two stacks that start at once rarely meet.
    candidates = (port for port in random.sample(_PORTS, len(_PORTS)) if port not in taken)
    free = (port for port in candidates if is_free(port))
    return [next(free) for _ in range(wanted)]


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
