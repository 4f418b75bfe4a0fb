"""Names, required arguments and numbers of blocks, held to the providers' schemas."""

import re
from collections.abc import Iterator

from tests.terraform.configuration import Block, Folder
from tests.terraform.schema import schema_of

_META = {"for_each", "count", "provider", "depends_on", "lifecycle", "connection", "provisioner"}
_REFERENCE = re.compile(
    r"(?<![\w.\"])(data\.)?((?:google|time|archive)_\w+)\.(\w+)(?:\[[^\]]*\])?(?:\.(\w+))?"
)


def complaints(folder: Folder, copy: dict, outputs_of_modules: dict[str, set[str]]) -> list[str]:
    """Say what the configuration names that is not there, and what it leaves out."""
    return sorted(
        {
            *(each for block in folder.blocks for each in _of_block(block, copy)),
            *_of_names(folder, outputs_of_modules),
            *_of_references(folder, copy),
        }
    )


def _of_block(block: Block, copy: dict) -> Iterator[str]:
    schema = schema_of(copy, block.kind, block.type)
    where = f"{block.type}.{block.name}"
    if schema is None:
        yield f"{where}: the schemas have no {block.kind} {block.type}"
        return
    body = {name: value for name, value in block.body.items() if name not in _META}
    yield from _of_body(body, schema, where)


def _of_body(body: dict, schema: dict, where: str) -> Iterator[str]:
    nested = schema["block_types"]
    blocks = {name: value for name, value in body.items() if name in nested}
    # A dynamic block counts as there: how often, only Terraform knows.
    dynamic = {
        name: each["content"] for item in body.get("dynamic", ()) for name, each in item.items()
    }
    yield from _of_arguments(body.keys() - blocks.keys() - {"dynamic"}, schema["attributes"], where)
    yield from (f"{where}: no block {name}" for name in dynamic.keys() - nested.keys())
    for name, kind in nested.items():
        written = blocks.get(name, ())
        if name not in dynamic and len(written) < kind.get("min_items", 0):
            yield f"{where}: block {name} is required"
        if 0 < kind.get("max_items", 0) < len(written):
            yield f"{where}: at most {kind['max_items']} of {name}"
        for each in (*written, *dynamic.get(name, ())):
            yield from _of_body(each, kind["block"], f"{where}.{name}")


def _of_arguments(given: set[str], attributes: dict, where: str) -> Iterator[str]:
    for name in given:
        if name not in attributes:
            yield f"{where}: no argument {name}"
        elif attributes[name] == "computed":
            yield f"{where}: {name} is read-only"
    for name, may_be in attributes.items():
        if may_be == "required" and name not in given:
            yield f"{where}: {name} is required"


def _of_names(folder: Folder, outputs_of_modules: dict[str, set[str]]) -> Iterator[str]:
    known = {"var": folder.named["variable"], "local": set(folder.locals)}
    for kind, names in known.items():
        for name in set(re.findall(rf"(?<![\w.]){kind}\.(\w+)", folder.text)) - names:
            yield f"{kind}.{name} is not there"
    for name, output in re.findall(r"(?<![\w.])module\.(\w+)(?:\[[^\]]*\])?\.(\w+)", folder.text):
        if output not in outputs_of_modules.get(name, set()):
            yield f"module.{name} has no output {output}"


def _of_references(folder: Folder, copy: dict) -> Iterator[str]:
    there = {(block.kind, block.type, block.name) for block in folder.blocks}
    for data, type_, name, attribute in set(_REFERENCE.findall(folder.text)):
        kind = "data" if data else "resource"
        if (kind, type_, name) not in there:
            yield f"{data}{type_}.{name} is not there"
            continue
        schema = schema_of(copy, kind, type_) or {"attributes": {}, "block_types": {}}
        if attribute and attribute not in {*schema["attributes"], *schema["block_types"]}:
            yield f"{data}{type_}.{name} has no {attribute}"
