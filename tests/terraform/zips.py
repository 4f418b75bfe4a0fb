"""
The zips of modules/function, built as Terraform builds them.

With the archive provider by its own data source; without it the list of files comes from the same
locals, which need no provider, and Python writes them down.
"""

import hashlib
import json
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

from tests.terraform.commands import NoProvidersError, init, terraform
from tests.terraform.configuration import FUNCTION
from tests.terraform.settings_classes import FUNCTIONS

_CALLER = """
variable "code" { type = string }
module "zip" {
  source      = "./zip"
  for_each    = toset(%s)
  code        = var.code
  entry_point = each.key
  name        = each.key
}
"""
_VARIABLES = "\n".join(
    f'variable "{name}" {{ type = string }}' for name in ("code", "entry_point", "name")
)
_FILES = 'output "files" { value = local.files }\n'
_BUILT = """
output "built" {
  value = { path = data.archive_file.zip.output_path, sha256 = data.archive_file.zip.output_sha256 }
}
"""


@dataclass(frozen=True)
class Zip:
    path: Path
    sha256: str

    def names(self):
        return set(zipfile.ZipFile(self.path).namelist())


def build(code: Path, folder: Path) -> dict[str, Zip]:
    """Build every function's zip from a checkout; `folder` is empty and keeps the zips."""
    module = folder / "zip"
    module.mkdir(parents=True)
    shutil.copy(FUNCTION / "files.tf", module)
    shutil.copy(FUNCTION / "zip.tf", module)
    (module / "variables.tf").write_text(_VARIABLES + "\n" + _FILES + _BUILT)
    output = 'output "said" { value = { for name, zip in module.zip : name => zip.%s } }'
    (folder / "main.tf").write_text(_CALLER % json.dumps(FUNCTIONS) + output % "built")
    try:
        init(folder)
    except NoProvidersError:
        (module / "zip.tf").unlink()
        (module / "variables.tf").write_text(_VARIABLES + "\n" + _FILES)
        (folder / "main.tf").write_text(_CALLER % json.dumps(FUNCTIONS) + output % "files")
        init(folder)
        listed = _said(code, folder)
        return {name: _written(folder / f"{name}.zip", files) for name, files in listed.items()}
    built = _said(code, folder)
    return {name: Zip(folder / each["path"], each["sha256"]) for name, each in built.items()}


def _said(code: Path, folder: Path) -> dict:
    done = terraform(folder, "apply", "-auto-approve", "-no-color", f"-var=code={code}")
    assert done.returncode == 0, done.stderr
    return json.loads(terraform(folder, "output", "-json", "said").stdout)


def _written(path: Path, files: dict[str, str]) -> Zip:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, source in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name), Path(source).read_bytes())
    return Zip(path, hashlib.sha256(path.read_bytes()).hexdigest())
