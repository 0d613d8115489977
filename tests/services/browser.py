"""A real browser: Debian's Chromium through Playwright, in the variants that pages must bear."""

import contextlib
import os
import shutil
from collections.abc import Callable, Generator
from importlib.resources import files
from typing import Any

import pytest
from django.db import connections
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
# Milliseconds: a bound for a busy machine, never a time to wait.
PATIENCE = 60_000
expect.set_options(timeout=PATIENCE / 2)
WIDTHS = {"phone": (360, 740), "tablet": (768, 1024), "desktop": (1280, 900)}
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def chromium_path() -> str:
    """Return where the browser is; the sentence says what to install."""
    # The same browser without windows goes first: it takes half the time for a page and a quarter for a new visitor.
    for name in ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"):
        if path := os.environ.get("CHROMIUM") or shutil.which(name):
            return path
    pytest.fail("The browser tests need Chromium: run `apt-get install chromium` as root.", pytrace=False)


@pytest.fixture(scope="session")
def playwright_driver() -> Generator[Playwright]:
    """Playwright's driver; it runs an event loop in this thread, which Django must be told to bear."""
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    # While the loop runs, this thread has other connections than before, and a fork of it, where no loop runs, would
    # find these here again: one session for two processes, which keeps its locks when one of them is killed.
    connections.close_all()
    with sync_playwright() as driver:
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
        yield driver
    if before is None:
        os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)


@pytest.fixture(scope="session")
def browser(playwright_driver: Playwright) -> Generator[Browser]:
    """One browser for the whole session of a worker."""
    browser = playwright_driver.chromium.launch(executable_path=chromium_path(), headless=True, args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture
def new_context(browser: Browser, live_server: Any) -> Generator[Callable[..., BrowserContext]]:
    """Open separate visitors: `new_context(language="ar", scheme="dark", width="phone", javascript=False)`.

    Any request that leaves the live server is refused, since public pages need no third party.
    """
    with contextlib.ExitStack() as stack:

        def open_context(
            *,
            language: str = "en",
            scheme: str = "light",
            width: str = "desktop",
            javascript: bool = True,
            timezone: str = "Europe/Berlin",
        ) -> BrowserContext:
            across, down = WIDTHS[width]
            context = browser.new_context(
                base_url=live_server.url,
                locale=language,
                color_scheme=scheme,  # type: ignore[arg-type]
                viewport={"width": across, "height": down},
                java_script_enabled=javascript,
                timezone_id=timezone,
                reduced_motion="reduce",
                accept_downloads=True,
            )
            context.set_default_timeout(PATIENCE)
            context.route(lambda url: not url.startswith((live_server.url, "data:", "blob:")), lambda r: r.abort())
            stack.callback(context.close)
            return context

        yield open_context


@pytest.fixture
def page(new_context: Callable[..., BrowserContext]) -> Page:
    """A page in English, light, on a desktop."""
    return new_context().new_page()


def axe_script() -> str:
    """Return axe-core as bundled by axe-playwright-python."""
    return (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


def axe_violations(page: Page, *, exclude: tuple[str, ...] = ()) -> list[str]:
    """Return each WCAG 2.2 A/AA violation of the page as it stands, one line with its first elements.

    axe runs through the debugging protocol, in a world of its own, so that the page's policy need not allow it.
    """
    page.evaluate(axe_script() + "\n;undefined")
    options = {"runOnly": {"type": "tag", "values": WCAG}, "resultTypes": ["violations"]}
    found = page.evaluate(
        "([exclude, options]) => axe.run({exclude: exclude.map(one => [one])}, options)", [list(exclude), options]
    )
    return [
        f"{one['id']}: {one['help']} at {', '.join(str(node['target'][0]) for node in one['nodes'][:5])}"
        for one in found["violations"]
    ]


def assert_accessible(page: Page, *, exclude: tuple[str, ...] = ()) -> None:
    """Fail with every violation of WCAG 2.2 A/AA that axe finds on the page."""
    violations = axe_violations(page, exclude=exclude)
    assert not violations, f"{page.url}\n" + "\n".join(violations)


def assert_no_sideways_scroll(page: Page) -> None:
    """Fail when the page is wider than the window (WCAG 1.4.10)."""
    # Of the element rather than of the document, which has none yet for a moment while the next page comes.
    wide, window = page.locator("html").evaluate("root => [root.scrollWidth, window.innerWidth]")
    assert wide <= window, f"{page.url} is {wide} px wide in a window of {window} px"
