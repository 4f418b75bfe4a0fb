"""The Cloud Tasks stand-in, as a drill asks and troubles it, past its door."""

from typing import Final

import grpc
import requests
from google.cloud.tasks_v2 import CloudTasksClient
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport

from scripts.drills.world import World
from scripts.local.plan import Place

_SECONDS: Final = 30


class Queues:
    def __init__(self, world: World) -> None:
        self._control = world.url(Place.CLOUD_TASKS_CONTROL)
        self._address = world.stack.plan.local(Place.CLOUD_TASKS)

    def pending(self) -> int:
        """Count what waits on all queues, or is under way."""
        return sum(queue["pending"] for queue in self._queues().values())

    def repeat(self, count: int) -> None:
        """Deliver the next so many executed tasks twice: Cloud Tasks is at least once."""
        told = {"repeat": count}
        requests.post(f"{self._control}/faults", json=told, timeout=_SECONDS).raise_for_status()

    def pause(self) -> None:
        """Hand out no task any more; those there are stay where they are."""
        with self._client() as client:
            for name in self._queues():
                client.pause_queue(name=name, timeout=_SECONDS)

    def resume(self) -> None:
        with self._client() as client:
            for name in self._queues():
                client.resume_queue(name=name, timeout=_SECONDS)

    def _queues(self) -> dict[str, dict[str, int]]:
        state = requests.get(f"{self._control}/state", timeout=_SECONDS).json()
        found: dict[str, dict[str, int]] = state["queues"]
        return found

    def _client(self) -> CloudTasksClient:
        channel = grpc.insecure_channel(self._address)
        return CloudTasksClient(transport=CloudTasksGrpcTransport(channel=channel))
