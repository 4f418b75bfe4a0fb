"""Which settings each function reads at its start, as wiring asks for them."""

import inspect
import re

from shared import config, wiring

FUNCTIONS = ("collect", "stripe_webhook", "dispatch", "reconcile")


def _asked_for(function):
    name = re.search(r"config\.(\w+Settings)\.from_env\(env\)", inspect.getsource(function))[1]
    return getattr(config, name)


SETTINGS_OF = {name: _asked_for(getattr(wiring, name)) for name in FUNCTIONS}
