"""Sessions of `requests` for one address: many threads, and an environment that is read once."""

from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter

# The most requests that Cloud Run lets an instance answer at once. A connection beyond the pool's
# size is thrown away after each use, with its TLS handshake; room that nobody needs costs nothing.
_AT_ONCE: Final = 1_000


class _OneAddress(HTTPAdapter):
    """Finds its pool of connections once: to look it up anew is a tenth of a request."""

    _pool: Any = None

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        if self._pool is None:
            self._pool = super().get_connection_with_tls_context(*args, **kwargs)
        return self._pool


def session_to(address: str) -> requests.Session:
    """
    Make a session for `address`, with the proxy and the authorities that the environment names.

    `HTTPS_PROXY`, `NO_PROXY` and `REQUESTS_CA_BUNDLE` are read here, like every setting, and not
    with each request, which costs a third of one. `~/.netrc` is not read at all: what it says of
    a host would take the place of our own Authorization.
    """
    session = requests.Session()
    said = session.merge_environment_settings(address, {}, None, None, None)
    session.trust_env = False
    session.proxies.update(said["proxies"])
    session.verify = said["verify"]
    session.mount(address, _OneAddress(pool_maxsize=_AT_ONCE))
    return session
