"""The built site and a headless Chromium that looks at it, for the tests that need both."""

import http.server
import os
from pathlib import Path

import pytest

from publishing import pdf

ROOT = Path(__file__).resolve().parents[1]

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
PAINTED = "performance.getEntriesByName('first-contentful-paint').length > 0"
# Fonts are there, and what they and the scripts moved is drawn and counted.
SETTLED = """async () => {
  await document.fonts.ready;
  for (let i = 0; i < 3; i++) await new Promise((r) => requestAnimationFrame(() => setTimeout(r)));
}"""
AXE_RUN = """async (rules) => (await axe.run(document, {
    resultTypes: ["violations"], ...(rules ? {runOnly: rules} : {})
  })).violations.map(
  (v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.target.join(" ")).join(" | ")}`)"""
CONTRAST = ["color-contrast"]  # of axe's rules the one that a theme decides, and half of its time


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
    """A page in a context of its own, with what it complained of and what it asked for.

    Load or luck decide whether pictures, fonts and deferred scripts come before the first paint or
    after it. With ``late``, the names of the deferred scripts, all three come after it, as on a
    slow line: what they move is always seen. ``seconds`` is the processor time of the main
    thread until then, in which the rest of the machine has no part.
    """

    def __init__(
        self, browser, address, *, inside, viewport=WIDE, theme="light", late=(), **options
    ):
        options = {"reduced_motion": "reduce", "color_scheme": theme, **options}
        self.context = browser.new_context(viewport=viewport, **options)
        self.problems, self.requests = [], []
        self._late, self._held = late, [] if late else None
        self.context.route("**/*", lambda route: self._route(route, inside))
        self.context.set_default_timeout(120_000)
        self.page = self.context.new_page()
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.problems.append(f"error {error}"))
        self.page.on("requestfailed", lambda r: self.problems.append(f"request failed {r.url}"))
        self.page.add_init_script(WATCH)
        measures = self.context.new_cdp_session(self.page)
        measures.send("Performance.enable")
        self.page.goto(address, wait_until="commit" if late else "load")
        if late:
            self.page.wait_for_function(PAINTED)
            held, self._held = self._held, None
            for route in held:
                route.continue_()
            self.page.wait_for_load_state("load")
        self.page.evaluate(SETTLED)
        found = measures.send("Performance.getMetrics")["metrics"]
        self.seconds = next(m["value"] for m in found if m["name"] == "ThreadTime")

    def _route(self, route, inside):
        url = route.request.url
        self.requests.append(url)
        if not url.startswith((inside, "data:", "blob:")):
            self.problems.append(f"request leaves the site: {url}")
            route.abort()
        elif self._held is not None and (
            route.request.resource_type in ("image", "font")
            or any(name in url for name in self._late)
        ):
            self._held.append(route)
        else:
            route.continue_()

    def _console(self, message):
        if message.type in ("error", "warning"):
            self.problems.append(f"console {message.type}: {message.text}")

    def set_theme(self, theme):
        self.page.evaluate("t => document.documentElement.dataset.theme = t", theme)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.close()
