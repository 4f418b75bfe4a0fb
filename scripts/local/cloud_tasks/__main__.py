"""`python -m scripts.local.cloud_tasks --queue projects/p/locations/l/queues/events`."""

import argparse
import json
import signal
from collections.abc import Sequence
from pathlib import Path
from queue import SimpleQueue

from scripts.local.cloud_tasks.queue_config import QueueConfig
from scripts.local.cloud_tasks.queue_option import parse_queue_option
from scripts.local.cloud_tasks.stand_in import CloudTasks


def main(argv: Sequence[str] | None = None) -> None:
    """Serve until SIGINT or SIGTERM."""
    options = _parser().parse_args(argv)
    # Not an Event: its lock would wait for itself where one signal interrupts another's handler.
    asked_to_stop: SimpleQueue[int] = SimpleQueue()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _frame: asked_to_stop.put(number))
    queues: dict[str, QueueConfig] = dict(options.queue)
    stand_in = CloudTasks(queues, port=options.port, control_port=options.control_port)
    with stand_in:
        print(f"cloud_tasks {stand_in.address}  control {stand_in.control_url}", flush=True)
        if options.ready_file:
            _write_ready_file(options.ready_file, stand_in)
        asked_to_stop.get()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cloud_tasks", description="A Cloud Tasks stand-in.")
    parser.add_argument("--port", type=int, default=0, help="gRPC; a free one unless given")
    parser.add_argument("--control-port", type=int, default=0, help="HTTP; a free one unless given")
    parser.add_argument(
        "--queue",
        type=_queue,
        action="append",
        default=[],
        metavar="NAME[,SETTING=VALUE…]",
        help="its full name, and settings of RetryConfig and RateLimits, durations in seconds",
    )
    parser.add_argument("--ready-file", type=Path, help="JSON of the addresses, once they answer")
    return parser


def _queue(raw: str) -> tuple[str, QueueConfig]:
    try:
        return parse_queue_option(raw)
    except ValueError as error:
        # argparse shows the reason of this error only, not of a ValueError.
        raise argparse.ArgumentTypeError(str(error)) from error


def _write_ready_file(path: Path, stand_in: CloudTasks) -> None:
    """Write beside it and rename, so that whoever waits for it never reads half a file."""
    content = {"cloud_tasks": stand_in.address, "control": stand_in.control_url}
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.write_text(json.dumps(content))
    unfinished.replace(path)


if __name__ == "__main__":
    main()
