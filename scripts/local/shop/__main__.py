"""Run the demo shop: `python -m scripts.local.shop --help`."""

import argparse
import json
from pathlib import Path

from scripts.local.foreground import wait_for_stop
from scripts.local.http_server import HttpServer
from scripts.local.shop.checkout import Stripe
from scripts.local.shop.pages import Pages, stand_in_pixel
from scripts.local.shop.shop import Shop


def main() -> None:
    """Serve until the first SIGINT or SIGTERM."""
    said = _arguments().parse_args()
    shop = Shop(
        pages=Pages(said.dataset, said.pixel_url or stand_in_pixel(said.meta)),
        collect=said.collect.rstrip("/"),
        meta=said.meta.rstrip("/"),
        stripe=Stripe(said.stripe.rstrip("/"), said.stripe_key),
    )
    with HttpServer(shop.routes(), port=said.port, otherwise=shop.otherwise) as server:
        ready = json.dumps({"shop": server.address})
        if said.ready_file:
            # In one step, so that a reader never sees half of it.
            draft = said.ready_file.with_name(said.ready_file.name + ".part")
            draft.write_text(ready, encoding="utf-8")
            draft.replace(said.ready_file)
        print(ready, flush=True)
        wait_for_stop()


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.local.shop", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--collect", required=True, metavar="URL")
    parser.add_argument("--stripe", required=True, metavar="URL", help="Stripe's API")
    parser.add_argument("--stripe-key", required=True, metavar="KEY")
    parser.add_argument(
        "--dataset", required=True, metavar="ID", help="the Pixel's, which is Meta's"
    )
    parser.add_argument("--meta", required=True, metavar="URL", help="where receipts and /tr are")
    parser.add_argument("--pixel-url", metavar="URL", help="the Pixel's script; default a stand-in")
    parser.add_argument("--ready-file", type=Path, metavar="PATH")
    return parser


if __name__ == "__main__":
    main()
