"""What git says of this clone: its commit, and the remote that it came from.

A zip download has neither, and the repository around it, if there is one, is not asked.
"""

import os
import subprocess
import sys

from publishing.contents import ROOT

# In a hook of another repository, or below `git rebase --exec`, they name that one.
NOT_OURS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX")


def source_state():
    """Commit of the clone, and whether it has changes on top.

    Returns
    -------
    commit : str or None
        None outside a git checkout; also, with the reason on stderr, where git is missing or
        refuses to read the clone.
    dirty : bool
    """
    commit, why = _git("rev-parse", "--short=10", "HEAD")
    if why:
        print(f"  note: the pages name no commit. git says: {why}", file=sys.stderr)
    return commit, bool(commit and _git("status", "--porcelain")[0])


def remote():
    """The address that the clone came from; empty where there is none."""
    names = (_git("remote")[0] or "").split()
    name = "origin" if "origin" in names else next(iter(names), None)
    return (name and _git("remote", "get-url", name)[0]) or ""


def _git(*arguments):
    """What git prints, or None with the reason, which is empty for an archive."""
    if not (ROOT / ".git").exists():
        return None, ""
    environment = {name: x for name, x in os.environ.items() if name not in NOT_OURS}
    # A .git that is none would send git up into the repository around this folder.
    environment["GIT_CEILING_DIRECTORIES"] = str(ROOT.parent)
    try:
        run = subprocess.run(
            ["git", *arguments], cwd=ROOT, env=environment, capture_output=True, encoding="utf8"
        )
    except OSError as error:
        return None, str(error)
    return (None, run.stderr.strip()) if run.returncode else (run.stdout.strip(), "")
