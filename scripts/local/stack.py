"""Start everything a laptop needs to be the whole of Settled: stand-ins, functions, shop."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from scripts.local import emulator
from scripts.local.addresses import answers
from scripts.local.bootstrap import ROOT
from scripts.local.bundle import lay_out
from scripts.local.java import JavaError
from scripts.local.plan import FUNCTIONS, Options, Place, Plan, PlanError, decide
from scripts.local.processes import Processes, Program
from scripts.local.proxies import past_proxies
from shared.domain.retry_plan import EVENTS, PURCHASES, RetryPlan

# A cold laptop with a full disk cache to build up; a warm one needs a few seconds.
STARTS_WITHIN_SECONDS = 90
# What would change how a function is loaded or served, were it inherited from a terminal.
_NOT_INHERITED = {
    *("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"),
    *("FUNCTION_TARGET", "FUNCTION_SOURCE", "FUNCTION_SIGNATURE_TYPE", "FUNCTION_USE_ASGI"),
    *("HOST", "PORT", "DEBUG", "WORKERS", "GUNICORN_CMD_ARGS", "LOG_EXECUTION_ID", "K_SERVICE"),
    "FIRESTORE_EMULATOR_HOST",
}


def start(
    options: Options,
    environment: Mapping[str, str],
    processes: Processes,
    folder: Path,
    say: Callable[[str], None],
) -> dict[str, str]:
    """Start all, in parallel, and give the ready file's content once all of it answers."""
    stack = Stack.prepared(options, environment, processes, folder, say)
    stack.start()
    return stack.plan.ready()


@dataclass(frozen=True)
class Stack:
    """All programs of a stack, each to be killed and started again by its place."""

    plan: Plan
    _programs: Sequence["_Waiting"]
    _processes: Processes

    @classmethod
    def prepared(
        cls,
        options: Options,
        environment: Mapping[str, str],
        processes: Processes,
        folder: Path,
        say: Callable[[str], None],
    ) -> Self:
        programs, plan = _prepare(options, environment, folder, say)
        return cls(plan, programs, processes)

    def start(self) -> None:
        """Start all, in parallel, and come back once all of it answers."""
        for waiting in self._programs:
            self._processes.start(waiting.program)
        for waiting in self._programs:
            self._wait_for(waiting)

    def kill(self, place: Place) -> None:
        """Kill -9: what the program was about to do, or held in memory, is gone."""
        self._processes.kill(place)

    def restart(self, place: Place, *arguments: str) -> None:
        """
        Start a function or the emulator again on its own port, and wait until it answers.

        `arguments` are added to its command, for this start only.
        """
        (killed,) = (each for each in self._programs if each.program.name == place)
        program = replace(killed.program, command=[*killed.program.command, *arguments])
        self._processes.start(program)
        self._wait_for(killed)

    def _wait_for(self, waiting: "_Waiting") -> None:
        self._processes.wait_until(
            waiting.is_ready, within=STARTS_WITHIN_SECONDS, what=waiting.program.name
        )


@dataclass(frozen=True)
class _Waiting:
    """A program and the fact that tells that it serves."""

    program: Program
    is_ready: Callable[[], bool]


def _prepare(
    options: Options, environment: Mapping[str, str], folder: Path, say: Callable[[str], None]
) -> tuple[list[_Waiting], Plan]:
    store, found = _choose_store(options, environment, folder, say)
    host = found.host if isinstance(found, emulator.Running) else ""
    plan = decide(options, environment, store, host)
    programs = []
    if isinstance(found, emulator.Jar):
        local = plan.local(Place.FIRESTORE)
        jar = emulator.program(found, plan.ports[Place.FIRESTORE], environment, folder)
        programs.append(_Waiting(jar, lambda: emulator.serves(local)))
    stand_ins = _StandIns(plan, environment, folder)
    programs += [stand_ins.waiting(place) for place in _OUTSIDE if place in plan.ours]
    programs += [_function(name, plan, environment, folder) for name in FUNCTIONS]
    # The last started is the first stopped: nobody is left without the one that it calls.
    programs += [stand_ins.waiting(Place.SHOP)] if options.shop else []
    return programs, plan


def _choose_store(
    options: Options, environment: Mapping[str, str], folder: Path, say: Callable[[str], None]
) -> tuple[str, emulator.Running | emulator.Jar | None]:
    """Give Firestore's emulator if there is one, else a SQLite file, with a word about why."""
    asked = options.store or environment.get("STORE", "")
    kind, _, path = asked.partition(":")
    if kind == "sqlite":
        return f"sqlite:{Path(path).resolve() if path else folder / 'settled.sqlite'}", None
    if asked not in {"", "firestore"}:
        raise PlanError(f"there is no store {asked!r}: choose firestore, sqlite or sqlite:PATH")
    try:
        found = emulator.find(environment)
        if isinstance(found, emulator.Jar):
            emulator.program(found, 0, environment, folder)
        lacking = "there is no Firestore emulator: " + emulator.HOW_TO_GET_ONE
    except JavaError as error:
        found, lacking = None, str(error)
    if found is not None:
        return "firestore", found
    if asked:
        raise PlanError(lacking)
    say(f"Going on with SQLite; {lacking}")
    return _choose_store(replace(options, store="sqlite"), environment, folder, say)


_OUTSIDE = (Place.CLOUD_TASKS, Place.META, Place.STRIPE)


@dataclass(frozen=True)
class _StandIns:
    """The programs that play the outside world, each in its own process as its own command."""

    plan: Plan
    environment: Mapping[str, str]
    folder: Path

    def waiting(self, place: Place) -> _Waiting:
        ready_file = self.folder / f"{place}.json"
        port = str(self.plan.ports[place])
        command = [sys.executable, "-P", "-m", f"scripts.local.{place}", "--port", port]
        program = Program(
            name=place,
            command=[*command, *self._arguments(place), "--ready-file", str(ready_file)],
            environment=inherited(self.environment) | {"PYTHONPATH": str(ROOT)},
            folder=self.folder,
        )
        return _Waiting(program, ready_file.exists)

    def _arguments(self, place: Place) -> list[str]:
        plan, settings = self.plan, self.plan.settings
        match place:
            case Place.CLOUD_TASKS:
                control = str(plan.ports[Place.CLOUD_TASKS_CONTROL])
                queues = [
                    word
                    for kind, plan_of in (("EVENTS_QUEUE", EVENTS), ("PURCHASES_QUEUE", PURCHASES))
                    for queue in settings[kind].split(",")
                    for word in ("--queue", _tried(queue.strip(), plan_of))
                ]
                return ["--control-port", control, *queues]
            case Place.META:
                token = plan.plain("META_ACCESS_TOKEN")
                return ["--dataset", settings["META_DATASET_ID"], "--token", token]
            case Place.STRIPE:
                secret = plan.plain("STRIPE_WEBHOOK_SECRETS")
                live = ["--livemode"] if settings["STRIPE_LIVEMODE"].lower() == "true" else []
                webhook = [
                    "--webhook-url",
                    plan.url(Place.STRIPE_WEBHOOK),
                    "--webhook-secret",
                    secret,
                ]
                return [*webhook, "--api-key", plan.plain("STRIPE_API_KEY"), *live]
            case Place.SHOP:
                stripe = [
                    "--stripe",
                    settings["STRIPE_API_BASE"],
                    "--stripe-key",
                    plan.plain("STRIPE_API_KEY"),
                ]
                meta = [
                    "--meta",
                    settings["META_GRAPH_URL"],
                    "--dataset",
                    settings["META_DATASET_ID"],
                ]
                return ["--collect", plan.url(Place.COLLECT), *stripe, *meta]
            case _:
                raise AssertionError(place)


def _tried(queue: str, plan: RetryPlan) -> str:
    """Try as often as in production, so that the last attempt is the last; wait a laptop's time."""
    return f"{queue},max_attempts={plan.max_attempts}"


def _function(name: str, plan: Plan, environment: Mapping[str, str], folder: Path) -> _Waiting:
    """Say how a function is served: from its bundle alone, as it is when deployed."""
    place = Place(name)
    bundle = lay_out(ROOT, name, folder / "functions" / name)
    framework = Path(sys.executable).with_name("functions-framework")
    command = [str(framework), "--target", name, "--source", str(bundle / "main.py")]
    program = Program(
        name=name,
        command=[*command, "--host", "127.0.0.1", "--port", str(plan.ports[place])],
        # As many threads as requests at once in production (terraform/); gunicorn's guess is 4.
        environment={"THREADS": "16"} | inherited(environment) | dict(plan.settings),
        folder=bundle,
    )
    local = plan.local(place)
    return _Waiting(program, lambda: answers(local))


def inherited(environment: Mapping[str, str]) -> dict[str, str]:
    """Give a terminal's environment without what would change how our programs run."""
    kept = {name: value for name, value in environment.items() if name not in _NOT_INHERITED}
    return kept | past_proxies(environment) | {"PYTHONUNBUFFERED": "1"}
