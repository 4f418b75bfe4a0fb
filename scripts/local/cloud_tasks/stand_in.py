"""Cloud Tasks on a laptop: start it, point the real client at `address`, stop it."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from types import TracebackType
from typing import Final, Self

from scripts.local.clock import Clock, utc_now
from scripts.local.cloud_tasks import control, grpc_server
from scripts.local.cloud_tasks.api import CloudTasksApi
from scripts.local.cloud_tasks.dispatcher import Dispatcher, Exchange
from scripts.local.cloud_tasks.poster import HttpPoster, Poster
from scripts.local.cloud_tasks.queue_config import LAPTOP, QueueConfig
from scripts.local.cloud_tasks.queues import Queues
from scripts.local.cloud_tasks.task_queue import NAMES_KEPT_FOR
from scripts.local.http_server import HttpServer

_STOPS_WITHIN: Final = 0.5


class CloudTasks:
    """The stand-in. Queues are given by full name, with a config or a laptop's own.

    A `control_port` of None means no control port; 0 means a free one.
    """

    def __init__(
        self,
        queues: Mapping[str, QueueConfig] | Iterable[str] = (),
        *,
        port: int = 0,
        control_port: int | None = None,
        names_kept_for: timedelta = NAMES_KEPT_FOR,
        clock: Clock = utc_now,
        poster: Poster | None = None,
    ) -> None:
        self._clock = clock
        self._queues = Queues(names_kept_for)
        configs = queues if isinstance(queues, Mapping) else dict.fromkeys(queues, LAPTOP)
        for name, config in configs.items():
            self._queues.create(name, config, clock())
        self._dispatcher = Dispatcher(self._queues, poster or HttpPoster(), clock)
        self._api = CloudTasksApi(self._queues, self._dispatcher, clock)
        self._ports = (port, control_port)
        self._grpc: grpc_server.GrpcServer | None = None
        self._control: HttpServer | None = None

    def start(self) -> Self:
        """Listen and dispatch; raises OSError or RuntimeError where a port is taken."""
        try:
            self._listen(*self._ports)
        except BaseException:
            self.stop()
            raise
        self._dispatcher.start()
        return self

    def stop(self) -> None:
        """Stop within a second; attempts that are under way are cut off, tasks are lost."""
        if self._control:
            self._control.stop()
        if self._grpc:
            self._grpc.stop()
            self._dispatcher.stop(_STOPS_WITHIN)
        self._grpc = self._control = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def address(self) -> str:
        """Where gRPC listens, as HOST:PORT: the setting CLOUD_TASKS_ENDPOINT."""
        if self._grpc is None:
            raise RuntimeError("the stand-in is not running")
        return f"127.0.0.1:{self._grpc.port}"

    @property
    def control_url(self) -> str:
        if self._control is None:
            raise RuntimeError("the stand-in has no control port")
        return self._control.address

    @property
    def history(self) -> list[Exchange]:
        """The attempts that came to their end, oldest first; the last ten thousand are kept."""
        with self._queues.changed:
            return list(self._dispatcher.history)

    def pending(self, queue: str) -> int:
        """Count the tasks of a queue that are not done, those under way among them."""
        with self._queues.changed:
            return len(self._queues.find(queue))

    def repeat_next(self, count: int) -> None:
        """Deliver the next `count` executed tasks twice, word for word."""
        with self._queues.changed:
            self._queues.repeat_next(count)

    def be_unavailable(self, unavailable: bool) -> None:
        """Answer every CreateTask UNAVAILABLE, until told otherwise."""
        with self._queues.changed:
            self._queues.unavailable = unavailable

    def be_exhausted(self, exhausted: bool) -> None:
        """Answer every CreateTask RESOURCE_EXHAUSTED, as over a quota, until told otherwise."""
        with self._queues.changed:
            self._queues.exhausted = exhausted

    def wait_until_idle(self, timeout: float) -> bool:
        """Wait until every running queue is empty; tells whether that came within `timeout` s."""
        with self._queues.changed:
            return self._queues.changed.wait_for(self._queues.is_idle, timeout)

    def state(self) -> dict[str, object]:
        """Say what GET /state says."""
        now = self._clock()
        with self._queues.changed:
            queues = {
                q.name: {"pending": len(q), "later": q.kept_for_later(now), "paused": q.paused}
                for q in self._queues
            }
            return {"queues": queues, "attempts": self._dispatcher.attempts}

    def _listen(self, port: int, control_port: int | None) -> None:
        if control_port is not None:
            self._control = control.serve(self, control_port).start()
        self._grpc = grpc_server.listen(self._api, self._queues, port)
