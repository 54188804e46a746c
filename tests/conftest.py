"""Fixtures of the tests that look at the built site; and where the library finds the book."""

import functools
import http.server
import os
import threading
from pathlib import Path

import pytest
from browsing import PAGES, SITE, Quiet, chromium, need
from playwright.sync_api import sync_playwright

# The tests are of this clone, whatever folder they are started in.
os.environ["LORENZ_HOME"] = str(Path(__file__).resolve().parents[1])


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
    path = chromium()
    with sync_playwright() as driver:
        launched = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield launched
        launched.close()
