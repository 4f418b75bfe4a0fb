"""Money is counted in whole minor units and written as exact decimals; no float comes near it."""

import ast
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"
ROOMS = ("domain", "usecases", "adapters")
MODULES = [path for room in ROOMS for path in sorted((SHARED / room).rglob("*.py"))]
# Its floats are the seconds that it waits; no amount passes through its hands.
COUNTS_SECONDS = SHARED / "adapters" / "stripe_api.py"


def float_names(tree):
    """Find calls of float(), and float as an annotation or anywhere else as a name."""
    return [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == "float"]


def float_literals(tree):
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, float)
    ]


def true_divisions(tree):
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div)
    ]


def found_in(source, searches=(float_names, float_literals, true_divisions)):
    tree = ast.parse(source)
    found = [node for search in searches for node in search(tree)]
    return [f"line {node.lineno}: {ast.unparse(node)}" for node in found]


def named(path):
    return str(path.relative_to(SHARED))


@pytest.mark.parametrize("path", [p for p in MODULES if "adapters" not in p.parts], ids=named)
def test_no_rule_knows_a_float(path):
    assert found_in(path.read_text()) == []


@pytest.mark.parametrize("path", sorted({*MODULES} - {COUNTS_SECONDS}), ids=named)
def test_no_adapter_makes_or_takes_a_float(path):
    """
    Time-outs are written as literals, in seconds; nothing is converted, annotated or divided.
    """
    assert found_in(path.read_text(), (float_names, true_divisions)) == []


def test_the_one_that_counts_seconds_sees_no_amount():
    names = {node.id for node in ast.walk(ast.parse(COUNTS_SECONDS.read_text())) if is_name(node)}

    assert not {name for name in names if "amount" in name or "minor" in name}


def is_name(node):
    return isinstance(node, ast.Name)


@pytest.mark.parametrize(
    "source",
    ["float(amount)", "def f(a: float): ...", "amount / 100", "amount /= 100", "x: list[float]"],
)
def test_the_search_finds_what_it_looks_for(source):
    assert found_in(source)


@pytest.mark.parametrize("source", ["divmod(amount, 3)", "amount // 100", "Decimal(1)"])
def test_the_search_lets_exact_numbers_be(source):
    assert found_in(source) == []
