"""Started by scripts/settled."""

from scripts.cli.main import app

app(prog_name="settled")
