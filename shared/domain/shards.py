"""Which of several queues takes a task: always the same one for the same name."""

from collections.abc import Sequence
from hashlib import blake2b


def shard_of(name: str, queues: Sequence[str]) -> str:
    """
    Choose by rendezvous hashing: the queue whose hash together with the name is the highest.

    A repeat must meet the task that it repeats, and names are known to one queue only. Where a
    queue is added, names move to that one and never between the old ones; so of the repeats
    that are on their way in that moment only one in len(queues) is not recognised.
    """
    if len(queues) == 1:
        return queues[0]
    return max(
        queues, key=lambda queue: blake2b(f"{queue}/{name}".encode(), digest_size=8).digest()
    )
