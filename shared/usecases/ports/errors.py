"""
What a port raises when its technology is away, and nothing else.

Whatever it was asked to write may then have happened or not.

    PortError
    ├── StoreUnavailableError   sessions, ledger, dead letters, destinations
    ├── QueueUnavailableError   tasks
    │   └── QueueFullError      … because its budget is used up
    ├── SecretUnavailableError  secrets
    └── StripeUnavailableError  Stripe's API
"""

from typing import Final

# What StripeUnavailableError says where waiting helps nobody: a person has to change the key.
KEY_REFUSED: Final = "key_refused"


class PortError(Exception):
    """Something outside of us is away; the caller should come back."""


class StoreUnavailableError(PortError):
    """The store did not answer in time."""


class QueueUnavailableError(PortError):
    """The queue did not take the task in time."""


class QueueFullError(QueueUnavailableError):
    """The queue takes no more for now: a rate or a quota is used up."""


class SecretUnavailableError(PortError):
    """A secret could not be read, and none was cached."""


class StripeUnavailableError(PortError):
    """Stripe's API did not answer in time, or asked us to slow down for too long."""
