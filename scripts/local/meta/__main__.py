"""`python -m scripts.local.meta`: Meta's stand-in until Ctrl-C."""

import argparse
from pathlib import Path

from scripts.local.foreground import wait_for_stop, write_ready_file
from scripts.local.meta import Access, MetaStandIn


def main() -> None:
    asked = _arguments()
    access = Access(asked.dataset, asked.token, asked.powerless_token, asked.app_secret)
    with MetaStandIn(access, port=asked.port, strict=not asked.lenient) as meta:
        if asked.ready_file:
            write_ready_file(asked.ready_file, meta.address)
        print(f"Meta's stand-in: {meta.address}", flush=True)
        wait_for_stop()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.local.meta", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes any free one")
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--token", required=True)
    parser.add_argument("--powerless-token", help="known, but answered with code 200")
    parser.add_argument("--app-secret", help="makes appsecret_proof required")
    parser.add_argument("--ready-file", type=Path, help='gets {"address": …} once it serves')
    parser.add_argument(
        "--lenient", action="store_true", help="refuse only what the live API was seen to refuse"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
