"""
Run as a program: one function in a fresh interpreter, and what it has loaded at each step.

    loaded.py FUNCTION REQUEST…     each a file with one HTTP/1.1 request as it travels

Prints a JSON list of steps: what was loaded, and of an answer its status and cookies.
"""

import asyncio
import importlib
import json
import os
import sys
from pathlib import Path

import flask

from shared import wiring

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    function, *files = sys.argv[1:]
    requests = [parsed(Path(file).read_bytes()) for file in files]
    if function == "collect":
        # The framework loads it before it loads the function.
        importlib.import_module("starlette.requests")
        endpoint = wiring.collect(os.environ, ROOT / "functions/collect/tag.js")
        steps = [step("start"), *asyncio.run(asynchronous(endpoint, requests))]
    else:
        endpoint = getattr(wiring, function)(os.environ)
        steps = [step("start"), *synchronous(endpoint, requests)]
    sys.stdout.write(json.dumps(steps) + "\n")


def step(name: str, **more: object) -> dict[str, object]:
    return {"step": name, "loaded": sorted(sys.modules), **more}


def parsed(raw: bytes) -> tuple[str, str, dict[str, str], bytes]:
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, path, _ = first.split(" ")
    headers = dict(line.split(": ", 1) for line in lines)
    return method, path, headers, body


def synchronous(endpoint, requests):
    for method, path, headers, body in requests:
        headers.pop("Content-Length")
        request = flask.Request.from_values(path, method=method, headers=headers, data=body)
        response = endpoint()(request)
        yield step("answer", status=response.status_code)


async def asynchronous(endpoint, requests):
    return [step for request in requests for step in await asked(endpoint(), *request)]


async def asked(respond, method, path, headers, body):
    """Give the step at which the body has left, and that at which nothing is left to do."""
    from starlette.requests import Request

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": [(name.lower().encode(), text.encode()) for name, text in headers.items()],
        "client": ("127.0.0.1", 9),
        "server": ("127.0.0.1", 8080),
        "scheme": "http",
    }
    steps = []

    async def receive():
        return {"type": "http.request", "body": body}

    async def send(message):
        if message["type"] == "http.response.body":
            cookies = response.headers.getlist("set-cookie")
            steps.append(step("answer", status=response.status_code, cookies=cookies))

    response = await respond(Request(scope, receive))
    await response(scope, receive, send)
    return [*steps, step("afterwards")]


if __name__ == "__main__":
    main()
