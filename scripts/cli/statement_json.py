"""The statement as JSON, as `reconcile POST /statement` says it, and the sales behind a figure."""

import json
from collections.abc import Sequence

from scripts.cli.statement_csv import row
from shared.domain.conversions import Destination
from shared.domain.period import Period
from shared.domain.statement import Statement
from shared.domain.statement_words import words_of


def document(
    found: Sequence[Statement], asked: Period, destination: Destination, figure: str | None
) -> str:
    """Give all figures, and with `figure` also the rows of the sales behind that one."""
    whole = words_of(found, asked, destination)
    if figure is not None:
        behind = [line for statement in found for line in statement.behind(figure)]
        whole["list"] = {"figure": figure, "sales": [row(line) for line in behind]}
    return json.dumps(whole, indent=2) + "\n"
