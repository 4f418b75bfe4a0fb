"""
The providers' schemas, cut to what terraform/ uses, so that names can be checked anywhere.

`python -m tests.terraform.schema FOLDER` cuts it anew from a folder where `terraform init` ran.
"""

import json
import subprocess
import sys
from pathlib import Path

from tests.terraform.configuration import FUNCTION, TERRAFORM, read

COPY = Path(__file__).with_name("providers-schema.json")
_KINDS = {"resource": "resource_schemas", "data": "data_source_schemas"}
_MAY_BE = ("required", "optional", "computed")


def copied() -> dict:
    return json.loads(COPY.read_text("utf-8"))


def cut(folder: Path) -> dict:
    """Ask the providers that stand in a folder, and leave out what terraform/ does not use."""
    whole = _asked(folder, "providers", "schema", "-json")["provider_schemas"]
    versions = _asked(folder, "version", "-json")["provider_selections"]
    used = {
        (block.kind, block.type) for path in (TERRAFORM, FUNCTION) for block in read(path).blocks
    }
    return {
        "versions": {name.rpartition("/")[2]: version for name, version in versions.items()},
        **{
            schemas: {
                type_: _block(provider[schemas][type_]["block"])
                for provider in whole.values()
                for type_ in sorted(provider.get(schemas, ()))
                if (kind, type_) in used
            }
            for kind, schemas in _KINDS.items()
        },
    }


def schema_of(copy: dict, kind: str, type_: str) -> dict | None:
    return copy[_KINDS[kind]].get(type_)


def _block(block: dict) -> dict:
    return {
        "attributes": {
            name: " ".join(word for word in _MAY_BE if attribute.get(word))
            for name, attribute in sorted(block.get("attributes", {}).items())
        },
        "block_types": {
            name: {
                "block": _block(nested["block"]),
                **{key: nested[key] for key in ("min_items", "max_items") if key in nested},
            }
            for name, nested in sorted(block.get("block_types", {}).items())
        },
    }


def _asked(folder: Path, *question: str) -> dict:
    command = ["terraform", f"-chdir={folder}", *question]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


if __name__ == "__main__":
    COPY.write_text(json.dumps(cut(Path(sys.argv[1])), indent=1) + "\n", "utf-8")
