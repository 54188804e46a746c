"""Fixtures of the tests that look at the built site."""

import functools
import http.server
import os
import shutil
import threading

import pytest
from browsing import PAGES, SITE, Quiet, need


@pytest.fixture(scope="module")
def site():
    """The site's address on this machine, served without a network."""
    need(PAGES, "the site is not built: run make book")
    handler = functools.partial(Quiet, directory=str(SITE))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@pytest.fixture(scope="module")
def browser():
    """A headless Chromium."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    need(path, "no Chromium found: install Debian's chromium, or set CHROMIUM to its path")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chromium
        chromium.close()
