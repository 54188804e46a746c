"""The built site and a headless Chromium that looks at it, for the tests that need both."""

import http.server
import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book"))
import pdf  # noqa: E402

SITE = ROOT / "_build" / "html"
AXE = ROOT / "tests" / "vendor" / "axe.min.js"
PAGES = sorted(str(p.relative_to(SITE)) for p in SITE.glob("**/book/**/*.html"))
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 360, "height": 800}

# Counts layout shifts from the first paint on.
WATCH = """
window.shift = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
}).observe({type: "layout-shift", buffered: true});
"""
READY = """() => performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd / 1000"""
AXE_RUN = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations.map(
  (v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.target.join(" ")).join(" | ")}`)"""


def need(condition, reason):
    """Skip a test that lacks something and say so; on CI fail."""
    if condition:
        return
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    # A contributor may have no browser, or no built site yet; CI has both.
    pytest.skip(reason)


def chromium():
    """The path of an installed Chromium, needed."""
    path = pdf.installed_browser()
    need(path, "no Chromium found: install Debian's chromium, or set CHROMIUM to its path")
    return path


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A static server that keeps the test's output readable."""

    def log_message(self, *_):
        pass


class Visit:
    """A page in a context of its own, with what it complained of and what it asked for."""

    def __init__(self, browser, address, *, inside, viewport=WIDE, theme="light", **options):
        options = {"reduced_motion": "reduce", "color_scheme": theme, **options}
        self.context = browser.new_context(viewport=viewport, **options)
        self.problems, self.requests = [], []
        self.context.route("**/*", lambda route: self._route(route, inside))
        self.context.set_default_timeout(120_000)
        self.page = self.context.new_page()
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.problems.append(f"error {error}"))
        self.page.on("requestfailed", lambda r: self.problems.append(f"request failed {r.url}"))
        self.page.add_init_script(WATCH)
        self.page.goto(address, wait_until="load")
        self.seconds = self.page.evaluate(READY)
        self.page.wait_for_timeout(100)

    def _route(self, route, inside):
        self.requests.append(route.request.url)
        if route.request.url.startswith((inside, "data:", "blob:")):
            route.continue_()
        else:
            self.problems.append(f"request leaves the site: {route.request.url}")
            route.abort()

    def _console(self, message):
        if message.type in ("error", "warning"):
            self.problems.append(f"console {message.type}: {message.text}")

    def set_theme(self, theme):
        self.page.evaluate("t => document.documentElement.dataset.theme = t", theme)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.close()
