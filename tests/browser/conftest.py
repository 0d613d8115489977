"""One running site for all browser tests, and visitors of every kind."""

import contextlib
from collections.abc import Callable, Generator

import pytest
from playwright.sync_api import Browser, BrowserContext

from gkec.devstack.postgres import Postgres
from tests.browser.site import Site, environment_of, shell_of
from tests.services.browser import PATIENCE, WIDTHS
from tests.services.demo import READY, FirstStart, copy_data, end_all, start_one

# What goes to many leaves at once, and its end is noticed soon.
NO_WAITING = {"EVENT_UNDO_SECONDS": "0", "CAMPAIGNS_ADVANCE_SECONDS": "2"}


@pytest.fixture(scope="session")
def site(first_start: FirstStart, tmp_path_factory: pytest.TempPathFactory) -> Generator[Site]:
    """The site with its demo content, worker and mail catcher, on a copy of the data that the first start made."""
    folder = tmp_path_factory.mktemp("site")
    var = folder / "var"
    copy_data(first_start.var, var)
    demo = start_one(var, folder / "output.txt", (), NO_WAITING)
    try:
        demo.wait_for(READY, seconds=200)
        url = Postgres(var / "postgres", var / "log" / "postgres.log").url
        environment = environment_of(port=demo.port, var=var, database_url=url)
        with shell_of(environment) as shell:
            yield Site(url=f"http://127.0.0.1:{demo.port}", var=var, shell=shell)
    finally:
        end_all([demo])


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
