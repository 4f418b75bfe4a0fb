"""terraform/ as it is written, without running Terraform: blocks, locals, references."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import hcl2

ROOT = Path(__file__).resolve().parents[2]
TERRAFORM = ROOT / "terraform"
FUNCTION = TERRAFORM / "modules/function"


@dataclass(frozen=True)
class Block:
    """`kind` is resource or data; `body` as hcl2 gives it, its own marks taken out."""

    kind: str
    type: str
    name: str
    body: dict


@dataclass(frozen=True)
class Folder:
    """One module: every .tf file of one folder."""

    blocks: tuple[Block, ...]
    locals: dict
    named: dict[str, set[str]]
    text: str

    def of_type(self, resource_type):
        return {
            block.name: block.body
            for block in self.blocks
            if (block.kind, block.type) == ("resource", resource_type)
        }


@cache
def read(folder: Path = TERRAFORM) -> Folder:
    return parse("\n".join(path.read_text("utf-8") for path in sorted(folder.glob("*.tf"))))


def parse(text: str) -> Folder:
    content = plain(hcl2.loads(text))
    blocks = [
        Block(kind, type_, name, body)
        for kind in ("resource", "data")
        for each in content.get(kind, ())
        for type_, named in each.items()
        for name, body in named.items()
    ]
    found_locals = {key: value for each in content.get("locals", ()) for key, value in each.items()}
    named = {
        kind: {name for each in content.get(kind, ()) for name in each}
        for kind in ("variable", "output", "module")
    }
    return Folder(tuple(blocks), found_locals, named, without_comments(text))


def plain(value):
    """Take out hcl2's marks and the quotes that it keeps around strings and labels."""
    match value:
        case dict():
            return {
                unquoted(key): plain(item)
                for key, item in value.items()
                if key not in {"__is_block__", "__comments__", "__inline_comments__"}
            }
        case list():
            return [plain(item) for item in value]
        case str():
            return unquoted(value)
        case _:
            return value


def unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def without_comments(text: str) -> str:
    return re.sub(r"(?m)^\s*(#|//).*$|\s#\s.*$", "", text)


def settings_of(function: str) -> dict[str, str]:
    """Give a function's settings as functions.tf merges them: each name with its expression."""
    written = read().locals
    return dict(_merged(written["settings"][function], written))


def _merged(expression, written) -> Iterator[tuple[str, str]]:
    if isinstance(expression, dict):
        yield from expression.items()
        return
    groups = re.fullmatch(r"\$\{merge\(((?:local\.\w+(?:, )?)+)\)\}", expression)
    assert groups, f"only groups of settings are merged, not {expression}"
    for group in re.findall(r"local\.(\w+)", groups[1]):
        yield from _merged(written[group], written)
