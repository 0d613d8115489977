"""One running site for all browser tests, and visitors of every kind."""

import contextlib
from collections.abc import Callable, Generator

import pytest
from playwright.sync_api import Browser, BrowserContext

from gkec.devstack.postgres import Postgres
from tests.browser.site import Site, environment_of, shell_of
from tests.services.browser import PATIENCE, WIDTHS
from tests.services.running import running_site


@pytest.fixture(scope="session")
def site() -> Generator[Site]:
    """The site with its demo content, worker and mail catcher, on a copy of the data that the first start made."""
    with running_site() as (port, var):
        url = Postgres(var / "postgres", var / "log" / "postgres.log").url
        with shell_of(environment_of(port=port, var=var, database_url=url)) as shell:
            yield Site(url=f"http://127.0.0.1:{port}", var=var, shell=shell)


@pytest.fixture
def visit(browser: Browser, site: Site) -> Generator[Callable[..., BrowserContext]]:
    """Open separate visitors: `visit(language="ar", scheme="dark", width="phone", javascript=False)`."""
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
                base_url=site.url,
                locale=language,
                color_scheme=scheme,  # type: ignore[arg-type]
                viewport={"width": across, "height": down},
                java_script_enabled=javascript,
                timezone_id=timezone,
                reduced_motion="reduce",
            )
            context.set_default_timeout(PATIENCE)
            stack.callback(context.close)
            return context

        yield open_context
