"""One browser a module; a new context, and so a new visitor, for each test."""

import os
import shutil
from contextlib import contextmanager

import pytest
from playwright.sync_api import sync_playwright

from tests.browser.people import ADDRESS, Books, Visitor, bring_metas_script

CHROMIUM = next(
    (
        path
        for name in ("chromium", "chromium-browser", "google-chrome")
        if (path := shutil.which(name))
    ),
    None,
)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


# Of a module: while it stands, its own event loop lets no asynchronous test run.
@pytest.fixture(scope="module")
def playwright():
    if CHROMIUM is None:
        give_up = pytest.fail if os.environ.get("CI") else pytest.skip
        give_up("Chromium is not installed")
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def chromium(playwright):
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def rest(chromium):
    """Rest for a tenth of a second, in which the browser and its routes go on."""
    page = chromium.new_page()
    yield lambda: page.wait_for_timeout(100)
    page.close()


@pytest.fixture
def visitors(chromium, stack):
    """Give new visitors of the shop; none may have met an error of ours."""
    opened = []

    @contextmanager
    def visiting(headers=None, **options):
        context = chromium.new_context(
            extra_http_headers={"X-Forwarded-For": ADDRESS, **(headers or {})}, **options
        )
        bring_metas_script(context, stack["meta"])
        visitor = Visitor(context, stack["shop"])
        opened.append(visitor)
        yield visitor
        context.close()

    yield visiting
    assert [visitor.complaints for visitor in opened] == [[]] * len(opened)


@pytest.fixture
def books(stack, rest):
    return Books(stack["meta"], rest)
