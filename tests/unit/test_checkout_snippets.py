"""The README's code for a shop's server says the same to Stripe in Python, Node and PHP."""

import ast
import json
import re
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.conftest import missing

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
SECTION = README.split("**2. The session into Stripe Checkout.**")[1].split("**3.")[0]
SNIPPETS = dict(re.findall(r"```(python|js|php)\n(.*?)```", SECTION, re.DOTALL))
TOLD = {
    "mode": "payment",
    "line_items": "line items",
    "success_url": "https://shop.example/thanks?session_id={CHECKOUT_SESSION_ID}",
    "client_reference_id": "s_1",
    "metadata": {"settled_session": "s_1", "order_id": "7"},
    "payment_intent_data": {"metadata": {"settled_session": "s_1"}},
}


def test_the_snippet_in_python_passes_the_session_on():
    told = []
    sessions = SimpleNamespace(create=told.append)
    client = SimpleNamespace(v1=SimpleNamespace(checkout=SimpleNamespace(sessions=sessions)))
    names = {"stripe_client": client, "line_items": "line items"}
    exec(SNIPPETS["python"], names | {"settled_session": "s_1", "order_id": "7"})  # noqa: S102

    assert told == [TOLD]


def test_the_snippet_in_javascript_passes_the_session_on():
    node = shutil.which("node")
    if node is None:
        missing("Node.js", "install Node.js 20 or newer")
    program = f"""
        const [lineItems, settledSession, orderId] = ['line items', 's_1', '7'];
        const create = async (told) => console.log(JSON.stringify(told));
        const stripe = {{ checkout: {{ sessions: {{ create }} }} }};
        {SNIPPETS["js"]}"""
    said = subprocess.run(
        [node, "--input-type=module"], input=program, capture_output=True, text=True, check=True
    )

    assert json.loads(said.stdout) == TOLD


def test_the_snippet_in_php_passes_the_session_on():
    """PHP's arrays are Python's dictionaries in other brackets."""
    array = SNIPPETS["php"].partition("create(")[2].rpartition(");")[0]
    for php, python in (("[", "{"), ("]", "}"), (" =>", ":")):
        array = array.replace(php, python)
    for name, value in (("lineItems", "line items"), ("settledSession", "s_1"), ("orderId", "7")):
        array = array.replace(f"${name}", repr(value))

    assert ast.literal_eval(array.strip()) == TOLD


@pytest.mark.parametrize("language", ["python", "js", "php"])
def test_stripe_takes_every_field_of_the_snippets(language):
    """The stand-in refuses what Stripe's own library does not list."""
    from scripts.local.stripe.parameter_names import SESSION_PARAMS

    named = set(re.findall(r"\b(\w+)'?\"?(?: =>|:)", SNIPPETS[language]))
    assert named - {"settled_session", "order_id", "https"} <= set(SESSION_PARAMS)
