"""Build the book: execute the chapters that are stale, write the strict HTML site, check its pages.

``make book`` runs all three steps, ``make status`` says what the first would do and why. Each
executed chapter is kept as soon as it is done, so a killed build goes on where it stopped.
"""

import argparse
import errno
import fcntl
import json
import os
import shutil
import sys
import time
from contextlib import contextmanager
from functools import partial

from lorenz_utils import ledger
from publishing import addresses, execute, freshness, rehearsal, repeatability, site
from publishing.contents import BUILD, ROOT, chapters
from publishing.messages import refresh_messages
from publishing.words import WORDS


@contextmanager
def only_one():
    """Keep a second build out of this clone; the system frees the lock of a killed build."""
    BUILD.mkdir(exist_ok=True)
    with open(BUILD / ".lock", "a+", encoding="utf8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            sys.exit(f"Another build runs in this clone (process {lock.read()}): wait for its end.")
        lock.truncate(0)
        print(os.getpid(), end="", file=lock, flush=True)
        yield


def build():
    """All three steps; True if all is well."""
    start = time.monotonic()
    done = execute.execute_stale()
    state, written = site.site_state(), BUILD / "site-state"
    if done and written.exists() and written.read_text("utf8") == state and site.check_pages():
        print("The site is up to date")
    elif done:
        written.unlink(missing_ok=True)
        done = site.write_site() and site.check_pages()
        if done:
            written.write_text(state, encoding="utf8")
    if done:
        note_what_differs()
        seconds = time.monotonic() - start
        print(f"Built in {seconds:.0f} s. Open {BUILD / 'html' / 'index.html'}")
    return done


def note_what_differs():
    """Say which results and verdicts of this machine are not the accepted ones."""
    found = repeatability.recorded(ROOT / freshness.RESULTS)
    if not found.get("reproducibility/orbits-as-everywhere", {"value": 1})["value"]:
        print(
            "  note: this machine's arithmetic gives other orbits than all others tried, so that "
            "the numbers of all pages differ; the page on reproducibility says so",
            file=sys.stderr,
        )
        return
    for difference in repeatability.differences(found, repeatability.expected()):
        print(f"  note: {difference}")
    for row in ledger.verdicts():
        if row["reason"] == ledger.NO_REASON:
            verdict = f"claim {row['id']!r} is judged {row['verdict']!r} on this machine"
            print(f"  note: {verdict}, and claims.yml gives no reason for that", file=sys.stderr)


def check():
    """Build twice from nothing and compare; then compare the results with the expected ones."""
    first = BUILD / "first"
    shutil.rmtree(first, ignore_errors=True)
    for turn in ("first", "second"):
        print(f"The {turn} build from nothing", flush=True)
        for name in ("executed", "results", "html"):
            shutil.rmtree(BUILD / name, ignore_errors=True)
        if not build():
            return False
        if turn == "first":
            os.replace(BUILD / "html", first)
    found = repeatability.recorded(ROOT / freshness.RESULTS)
    problems = [
        *repeatability.same_site(first, BUILD / "html"),
        *repeatability.differences(found, repeatability.expected()),
    ]
    shutil.rmtree(first)
    print("\n".join(problems) or "Both builds are equal, and the results are the expected ones.")
    return not problems


def accept():
    """Make the results of a fresh book the expected ones."""
    if any(freshness.reasons(page) for page in chapters()):
        print("Some chapters are stale: make book first.", file=sys.stderr)
        return False
    seconds = {page: round(freshness.executed(page).metadata["seconds"]) for page in chapters()}
    execute.EXPECTED_SECONDS.write_text(json.dumps(seconds, indent=1) + "\n", encoding="utf8")
    print("\n".join(repeatability.accept(chapters())) or "All results were the expected ones.")
    return True


def main():
    """Command line, with one clear line for what a machine, not a chapter, does wrong."""
    summary = __doc__.splitlines()[0]
    parser = argparse.ArgumentParser(prog="python -m publishing", description=summary)
    steps = {"build": build, "execute": execute.execute_stale, "check": check, "accept": accept}
    steps |= {"messages": refresh_messages, "links": site.check_links}
    reports = {"status": freshness.status, "profile": execute.profile}
    others = ["pdf", "serve"]
    parser.add_argument("step", nargs="?", choices=[*reports, *steps, *others], default="build")
    which = {"check": [*rehearsal.MACHINES, "all"], "pdf": sorted(WORDS)}
    choices = "; ".join(f"{step}: {', '.join(names)}" for step, names in which.items())
    choices += "; serve: a port"
    parser.add_argument("which", nargs="?", help=choices)
    arguments = parser.parse_args()
    step = arguments.step
    if step == "serve":
        return site.serve(arguments.which or "8000")
    if arguments.which not in [None, *which.get(step, [])]:
        parser.error(f"{step} knows no {arguments.which!r} (choose from {choices})")
    if step in reports:
        return reports[step]()
    try:
        addresses.known()
    except ValueError as error:
        sys.exit(str(error))
    if step == "pdf":
        from publishing.pdf import make  # a browser's driver, which nothing else needs

        return make(arguments.which or "en")
    if step == "check" and arguments.which:
        steps["check"] = partial(rehearsal.rehearse, arguments.which)
    try:
        with only_one():
            if not steps[step]():
                sys.exit("The book is not as it should be.")
    except KeyboardInterrupt:
        print("\nInterrupted. Finished chapters are kept; make book goes on.", file=sys.stderr)
        os._exit(130)  # not waiting for the chapters under way: their kernels end with us
    except OSError as error:
        advice = {
            errno.ENOSPC: "Free some space. Finished chapters are kept; make book goes on.",
            errno.EROFS: "The book is built inside its clone: copy it where you may write.",
            errno.EACCES: "The book is built inside its clone: copy it where you may write.",
        }
        if error.errno not in advice:
            raise
        sys.exit(f"{error.strerror}: {error.filename or BUILD}. {advice[error.errno]}")


if __name__ == "__main__":
    main()
