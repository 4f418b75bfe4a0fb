"""Ports between which a request may lose its turn, be told that they are away, or die."""

from collections.abc import Callable
from functools import wraps
from inspect import iscoroutinefunction

from shared.domain.purchases import Purchase
from shared.usecases.ports.ledger import Receipt
from shared.usecases.ports.tasks import NewTask
from tests.simulation.world import World


class Interrupted:
    """
    Any port, each call of it a step at which something may happen.

    Before its effect or after it: the caller cannot tell which. `error` is what the port raises
    when it is away, `refuses` what it raises before anything happened, where that is told apart;
    a port without an error can only be slow.
    """

    def __init__(
        self,
        port: object,
        world: World,
        name: str,
        error: type[Exception] | None = None,
        *,
        refuses: type[Exception] | None = None,
    ):
        self._port, self._world, self._name = port, world, name
        self._errors = (error, refuses or error)

    def __getattr__(self, verb: str):
        """Wrap a verb of the port when it is first used."""
        call = getattr(self._port, verb)
        step = _Step(self._world, f"{self._name}.{verb}", *self._errors)
        wrapped = _awaited(call, step) if iscoroutinefunction(call) else _called(call, step)
        setattr(self, verb, wrapped)
        return wrapped


class InterruptedStripe(Interrupted):
    """Stripe's API, of whichever account: to name one is no step, for it asks nothing yet."""

    def of(self, account: str | None) -> "InterruptedStripe":
        return InterruptedStripe(self._port.of(account), self._world, self._name, self._errors[0])


class _Step:
    def __init__(
        self,
        world: World,
        name: str,
        error: type[Exception] | None,
        refuses: type[Exception] | None,
    ):
        self.world, self.name, self.error, self.refuses = world, name, error, refuses
        self.port = name.partition(".")[0]

    def strikes(self) -> Callable[[bool], None] | None:
        """Draw what will happen; it happens before the call or after it, as likely as not."""
        world, weather = self.world, self.world.weather
        if world.now >= weather.until or weather.only_at not in (None, self.port):
            return None
        drawn = world.random.random()
        if drawn < weather.crashes:
            return self._crashes
        if drawn < weather.crashes + weather.fails:
            return self._fails
        if drawn < weather.crashes + weather.fails + weather.waits:
            return self._waits
        return None

    def _crashes(self, is_before: bool) -> None:
        self.world.tell(f"{self.name} {'is about to be called' if is_before else 'was called'}")
        self.world.crashes()

    def _fails(self, is_before: bool) -> None:
        if self.error is None:
            return self._waits(is_before)
        world = self.world
        world.current.is_disturbed = True
        raised = self.refuses if is_before and world.happens(0.5) else self.error
        world.tell(f"{self.name} {raised.__name__}{'' if is_before else ', all the same'}")
        raise raised("simulated")

    def _waits(self, _is_before: bool) -> None:
        self.world.waits(self.world.random.random() * self.world.weather.waits_for)


def _called(call, step: _Step):
    world = step.world

    @wraps(call)
    def stepped(*args, **named):
        strike = step.strikes()
        if strike is None:
            if world.trace is not None:
                world.tell(step.name + _shown(args))
            return call(*args, **named)
        if world.happens(0.5):
            strike(True)
            world.tell(step.name + _shown(args))
            return call(*args, **named)
        world.tell(step.name + _shown(args))
        answer = call(*args, **named)
        strike(False)
        return answer

    return stepped


def _awaited(call, step: _Step):
    world = step.world

    @wraps(call)
    async def stepped(*args, **named):
        strike = step.strikes()
        if strike is not None and world.happens(0.5):
            strike(True)
            strike = None
        world.tell(step.name + _shown(args))
        answer = await call(*args, **named)
        if strike is not None:
            strike(False)
        return answer

    return stepped


def _shown(args) -> str:
    """Say what a step is about, for the trace."""
    return "".join(f" {shown}" for each in args if (shown := _name_of(each)))


def _name_of(each: object) -> str | None:
    match each:
        case Purchase():
            states = [
                f"{d.state} {d.tasks}/{d.attempts}/{d.ambiguous}" for d in each.deliveries.values()
            ]
            return f"{each.sale_key} {' '.join(states)}"
        case Receipt():
            return each.stripe_event_id
        case NewTask():
            return each.name[:10]
        case str():
            return each
        case list() | tuple():
            return " ".join(str(one) for one in each if isinstance(one, str))
        case _:
            return None
