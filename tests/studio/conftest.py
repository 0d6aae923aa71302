"""The studio in a real browser (Chromium), on a real server: signed in, watched, photographed."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)

from running import Server
from zaffre.studio.bundle import FOLDER, INDEX

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "studio" / "node_modules" / "axe-core" / "axe.min.js"
SCREENSHOTS = ROOT / "build" / "screenshots"
CHROMIUM = os.environ.get("ZAFFRE_CHROMIUM") or shutil.which("chromium")
PATIENCE = 15_000
expect.set_options(timeout=PATIENCE)
WIDTHS = (360, 1280)
SERIOUS = ("serious", "critical")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a browser or a build these tests are skipped; `.ci/run` has both."""
    missing = [
        word
        for word, there in (
            ("Chromium (apt-get install chromium, or ZAFFRE_CHROMIUM)", CHROMIUM),
            ("the build (make studio)", (FOLDER / INDEX).exists()),
            ("axe (make studio)", AXE.exists()),
        )
        if not there
    ]
    for item in items:
        if missing and item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.skip(reason=f"not there: {', '.join(missing)}"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for a module: its driver keeps an event loop running, which others must not find."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield started
        started.close()


def link_of(server: Server) -> str:
    """A link that signs in, as `zaffre studio` prints it."""
    return str(server.call("POST", "/api/v1/session-links")["url"])


def is_error(said: ConsoleMessage) -> bool:
    """Say whether a line is an error; that the server refuses an input or finds nothing is none."""
    return said.type == "error" and not re.search("status of (404|422)", said.text)


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser profile of this test alone."""
    made = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme="light")
    made.set_default_timeout(PATIENCE)
    yield made
    made.close()


@pytest.fixture
def studio(context: BrowserContext, shared_server: Server) -> Iterator[Page]:
    """A tab that is signed in; what the console calls an error fails the test."""
    page = context.new_page()
    errors: list[str] = []
    page.on("console", lambda said: errors.append(said.text) if is_error(said) else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(link_of(shared_server))
    page.wait_for_url(re.compile("/w/default"))
    page.get_by_role("navigation", name="Pages").wait_for()
    yield page
    assert not errors, f"the console has errors: {errors}"


Open = Callable[[str], Page]


@pytest.fixture
def visit(studio: Page, shared_server: Server) -> Open:
    """Open a page of the workspace by its path: `visit("jobs")`; its heading is there afterwards."""

    def go(path: str) -> Page:
        studio.goto(f"{shared_server.url}/w/default/{path}")
        studio.locator("main h1").first.wait_for()
        return studio

    return go


def accessible(page: Page) -> None:
    """Assert that axe finds nothing serious on a page."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("() => axe.run()")
    bad = [
        f"{one['id']}: {one['help']} ({node['html'][:160]})"
        for one in found["violations"]
        if one["impact"] in SERIOUS
        for node in one["nodes"]
    ]
    assert not bad, "\n".join(bad)


def photograph(page: Page, name: str) -> None:
    """Keep pictures of a page, light and dark, narrow and wide; it is accessible in each scheme."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            page.screenshot(path=SCREENSHOTS / f"{name}-{scheme}-{width}.png")
            over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert over <= 0, f"{name} is {over} px wider than the window of {width} px"
        accessible(page)
    page.emulate_media(color_scheme="light")
