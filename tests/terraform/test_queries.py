"""Every query of the code has its index, and no field is indexed or expires without a reason."""

import ast
import importlib

import pytest

from tests.terraform.configuration import ROOT, read

ADAPTERS = sorted((ROOT / "shared/adapters").glob("*firestore*.py"))
# These end a chain: what follows them is not a part of the query.
_NAMES = ("where", "order_by")


def chains(tree):
    """Give each query's own calls, outermost first, down to `collection(…)`."""
    inner = {id(node.func.value) for node in calls(tree) if isinstance(node.func, ast.Attribute)}
    for node in calls(tree):
        if id(node) not in inner and isinstance(node.func, ast.Attribute):
            chain = []
            while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                chain.append(node)
                node = node.func.value
            yield chain


def calls(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def queries_in(source, names):
    """
    Give (collection, equalities, ordered) of each chain that filters or orders.

    `names` are the module's own constants. A filter that is no part of a chain from
    `collection(…)` is an error: this test could not tell what it needs.
    """
    tree = ast.parse(source)
    seen = 0
    for chain in chains(tree):
        used = [call for call in chain if call.func.attr in _NAMES]
        seen += len(used)
        collections = [call for call in chain if call.func.attr == "collection"]
        if not used:
            continue
        assert collections, f"a query without its collection: {ast.unparse(chain[0])[:200]}"
        collection = value(collections[0].args[0], names)
        equal, ordered = set(), {}
        for call in reversed(used):
            field, order, is_equality = asked(call, names)
            if is_equality:
                equal.add(field)
            elif field != "__name__":
                ordered.setdefault(field, order)
        yield collection, frozenset(equal), tuple(ordered.items())
    written = sum(call.func.attr in _NAMES for call in calls(tree) if isinstance(call.func, ast.Attribute))
    assert seen == written, "a filter or an order that belongs to no chain"


def asked(call, names):
    if call.func.attr == "order_by":
        direction = next((k.value for k in call.keywords if k.arg == "direction"), None)
        down = direction is not None and "DESC" in ast.unparse(direction)
        return value(call.args[0], names), "DESCENDING" if down else "ASCENDING", False
    (keyword,) = call.keywords
    field, operator, _ = keyword.value.args
    operator = value(operator, names)
    assert operator in {"==", "<", "<=", ">", ">="}, f"{operator}: say here which index it needs"
    return value(field, names), "ASCENDING", operator == "=="


def value(node, names):
    if isinstance(node, ast.Constant):
        return node.value
    assert isinstance(node, ast.Name), f"not a constant: {ast.unparse(node)}"
    return names[node.id]


def all_queries():
    for path in ADAPTERS:
        module = importlib.import_module(f"shared.adapters.{path.stem}")
        yield from queries_in(path.read_text("utf-8"), vars(module))


QUERIES = sorted(set(all_queries()), key=str)


def indexed():
    return {
        (collection, field, order)
        for collection, kept in read().locals["collections"].items()
        for field, order in kept["queried"].items()
    }


def needed():
    """
    Several equalities and no order are merged from single-field indexes; an order, or a range,
    beside anything else needs a composite index.
    """
    for collection, equal, ordered in QUERIES:
        assert len(ordered) + bool(equal) <= 1, (
            f"{collection} {equal} {ordered} needs a google_firestore_index: add it, and teach this test"
        )
        for field in equal:
            yield collection, field, "ASCENDING"
        for field, order in ordered:
            yield collection, field, order


def test_the_code_asks_queries():
    assert ("purchases", frozenset(), (("relay_at", "ASCENDING"),)) in QUERIES


def test_each_queried_field_is_indexed_and_no_other():
    assert indexed() == set(needed())


def collections_of_the_code():
    """Every name that is given to `collection(…)` as a constant of a module."""
    for path in ADAPTERS:
        names = vars(importlib.import_module(f"shared.adapters.{path.stem}"))
        for call in calls(ast.parse(path.read_text("utf-8"))):
            if isinstance(call.func, ast.Attribute) and call.func.attr == "collection":
                yield value(call.args[0], names)


def test_terraform_knows_each_collection_of_the_code():
    missing = set(collections_of_the_code()) - set(read().locals["collections"])

    assert not missing, f"add {missing} to local.collections of firestore.tf"


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("c.collection(A).where(filter=F('x', '==', 1))", ("a", frozenset({"x"}), ())),
        (
            "c.collection(A).where(filter=F('x', '>=', 1)).where(filter=F('x', '<', 2))"
            ".order_by('x').order_by('__name__').limit(3)",
            ("a", frozenset(), (("x", "ASCENDING"),)),
        ),
        (
            "c.collection('b').order_by('x', direction=Query.DESCENDING).stream()",
            ("b", frozenset(), (("x", "DESCENDING"),)),
        ),
        (
            "c.collection(A).where(filter=F('x', '==', 1)).order_by('y')",
            ("a", frozenset({"x"}), (("y", "ASCENDING"),)),
        ),
    ],
)
def test_a_query_is_read_as_firestore_reads_it(source, found):
    assert list(queries_in(source, {"A": "a"})) == [found]


def test_a_filter_put_on_later_is_not_overlooked():
    with pytest.raises(AssertionError):
        list(queries_in("query = c.collection(A)\nquery = query.where(filter=F('x', '==', 1))", {"A": "a"}))
