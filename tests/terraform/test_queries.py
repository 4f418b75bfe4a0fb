"""Every query of the code has its index, and no field is indexed or expires without a reason."""

import ast
import dataclasses
import importlib
from itertools import product

import pytest

from shared.domain.aliases import Alias
from shared.domain.conversions import Destination
from shared.domain.dead_letters import DeadLetter
from shared.domain.purchases import Purchase
from shared.domain.sessions import Session
from shared.usecases.ports.ledger import Receipt
from tests.terraform.configuration import ROOT, read

# What narrows a query down or orders it; the rest of a chain needs no index.
_NAMES = ("where", "order_by")


def adapters():
    """Give the source and the constants of each module that asks, not of one that defines how."""
    for path in sorted((ROOT / "shared/adapters").glob("firestore_*.py")):
        source = path.read_text("utf-8")
        if "def where(" not in source:
            yield source, vars(importlib.import_module(f"shared.adapters.{path.stem}"))


class Reader:
    """
    Reads the queries of one module without running them.

    What it cannot read is an error: then nobody would know which index a query needs.
    """

    def __init__(self, source, names):
        self.tree = ast.parse(source)
        self.names = names

    def queries(self):
        """Yield (collection, equalities, orders) of each chain that filters or orders."""
        inner = {id(call.func.value) for call in methods(self.tree)}
        read = 0
        for outermost in methods(self.tree):
            if id(outermost) in inner:
                continue
            chain = [*links(outermost)]
            asking = [call for call in reversed(chain) if call.func.attr in _NAMES]
            read += len(asking)
            if asking:
                collections = [call for call in chain if call.func.attr == "collection"]
                assert collections, f"of no collection: {ast.unparse(outermost)[:200]}"
                (collection,) = self.values(collections[0].args[0])
                for passed in self.passed(asking):
                    for each in product(*(self.asked(call, passed) for call in asking)):
                        yield collection, *together(each)
        written = sum(call.func.attr in _NAMES for call in methods(self.tree))
        assert read == written, "a filter or an order that belongs to no chain"

    def collections(self):
        for call in methods(self.tree):
            if call.func.attr == "collection":
                yield from self.values(call.args[0])
        for node in ast.walk(self.tree):
            # A document by its path: f"{COLLECTION}/{key}".
            match node:
                case ast.JoinedStr(
                    values=[
                        ast.FormattedValue(value=ast.Name(id=name)),
                        ast.Constant(value="/"),
                        ast.FormattedValue(),
                    ]
                ) if name in self.names:
                    yield self.names[name]

    def asked(self, call, passed):
        """Give what one link may ask: (field, order, whether it is an equality)."""
        fields = self.values(self.field(call), passed)
        if call.func.attr == "order_by":
            down = any("DESC" in ast.unparse(each.value) for each in call.keywords)
            order = "DESCENDING" if down else "ASCENDING"
            return [(field, order, False) for field in fields]
        (operator,) = self.values(self.assigned(call.keywords[0].value).args[1])
        assert operator in {"==", "<", "<=", ">", ">="}, f"{operator}: say here what it needs"
        return [(field, "ASCENDING", operator == "==") for field in fields]

    def field(self, call):
        if call.func.attr == "order_by":
            return call.args[0]
        return self.assigned(call.keywords[0].value).args[0]

    def assigned(self, node):
        """Follow a local variable to the one value that it is given."""
        if not isinstance(node, ast.Name):
            return node
        (found,) = [
            each.value
            for each in ast.walk(self.tree)
            if isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == node.id
        ]
        return found

    def values(self, node, passed=None):
        """Give every text that an expression may stand for."""
        match node:
            case ast.Constant():
                return [node.value]
            case ast.Name() if node.id in self.names:
                return [self.names[node.id]]
            case ast.Name() if node.id in (passed or {}):
                return [passed[node.id]]
            case ast.JoinedStr():
                return ["".join(parts) for parts in product(*map(self.values, node.values))]
            case ast.FormattedValue(value=ast.Name(id="destination")):
                return [destination.value for destination in Destination]
        raise AssertionError(f"cannot be read: {ast.unparse(node)}")

    def passed(self, asking):
        """Give what the module's own calls pass for fields that are a method's parameters."""
        names = {node.id for call in asking if isinstance(node := self.field(call), ast.Name)}
        parameters = names - self.names.keys()
        if not parameters:
            return [{}]
        (function,) = [
            each
            for each in ast.walk(self.tree)
            if isinstance(each, ast.FunctionDef) and asking[0] in ast.walk(each)
        ]
        # The first is self.
        positions = {each.arg: at for at, each in enumerate(function.args.args[1:])}
        callers = [call for call in methods(self.tree) if call.func.attr == function.name]
        assert callers, f"nobody calls {function.name}"
        return [
            {name: self.values(call.args[positions[name]])[0] for name in parameters}
            for call in callers
        ]


def methods(tree):
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [call for call in calls if isinstance(call.func, ast.Attribute)]


def links(call):
    """Give a chain's calls, the last one first."""
    while isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
        yield call
        call = call.func.value


def together(asked):
    """Give the fields that are compared for equality, and the others in order, each once."""
    equal = frozenset(field for field, _, is_equality in asked if is_equality)
    others = {}
    for field, order, is_equality in asked:
        # Documents of equal values come in the order of their names anyway.
        if not is_equality and field != "__name__":
            others.setdefault(field, order)
    return equal, tuple(others.items())


def all_queries():
    for source, names in adapters():
        yield from Reader(source, names).queries()


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
            f"{collection} {equal} {ordered} needs a google_firestore_index: add it, and say so"
        )
        for field in equal:
            yield collection, field, "ASCENDING"
        for field, order in ordered:
            yield collection, field, order


def test_the_code_asks_queries():
    assert ("purchases", frozenset(), (("relay_at", "ASCENDING"),)) in QUERIES


def test_each_queried_field_is_indexed_and_no_other():
    assert indexed() == set(needed())


def test_terraform_knows_each_collection_of_the_code():
    known = set(read().locals["collections"])

    assert {name for module in adapters() for name in Reader(*module).collections()} == known


KEPT = {
    "aliases": Alias,
    "dead_letters": DeadLetter,
    "purchases": Purchase,
    "receipts": Receipt,
    "sessions": Session,
}


@pytest.mark.parametrize("collection", KEPT)
def test_what_says_when_it_expires_is_deleted_then(collection):
    says = "expires_at" in {field.name for field in dataclasses.fields(KEPT[collection])}

    assert read().locals["collections"][collection]["expires"] == says


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("c.collection(A).where(filter=F('x', '==', 1))", ("a", frozenset({"x"}), ())),
        (
            "c.collection(A).where(filter=F('x', '>', 1)).order_by('x').order_by('__name__')",
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
    assert list(Reader(source, {"A": "a"}).queries()) == [found]


def test_what_a_method_passes_on_is_followed():
    source = """
class Purchases:
    def due(self):
        return self._until("relay_at")

    def owed(self):
        return self._until("owed_since")

    def _until(self, field):
        return self.c.collection(A).where(filter=F(field, "<=", 1)).order_by(field)

    def rejected(self, destination):
        rejected = F(f"deliveries.{destination}.state", "==", 1)
        return self.c.collection(A).where(filter=rejected)
"""
    fields = {
        field
        for _, equal, others in Reader(source, {"A": "a"}).queries()
        for field in [*equal, *dict(others)]
    }

    assert fields == {"relay_at", "owed_since", "deliveries.meta.state"}


def test_a_filter_put_on_later_is_not_overlooked():
    source = "query = c.collection(A)\nquery = query.where(filter=F('x', '==', 1))"

    with pytest.raises(AssertionError):
        list(Reader(source, {"A": "a"}).queries())
