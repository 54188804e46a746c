"""Note which files of the repository a chapter opens; Python imports this at start-up.

The build puts this folder first on the path of the kernels it starts and names a log in the
environment variable ``BOOK_TRACE``. Each line of the log is a letter and a path: ``r`` for a file
that is read, ``w`` for one that is written, ``d`` for a folder that is listed. Without the variable
nothing happens. Audit events are Python's own (PEP 578); files that compiled code opens by itself
do not raise them, so the book's loaders hash a file of weights in Python before they use it.
"""

import os
import sys


def _watch(root, log):
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT
    seen = set()

    def note(kind, path):
        if not isinstance(path, (str, bytes, os.PathLike)):
            return  # an already opened descriptor
        line = f"{kind} {os.path.abspath(os.fsdecode(path))}\n"
        if line[2:].startswith(root) and line not in seen:
            seen.add(line)
            os.write(handle, os.fsencode(line))

    def hook(event, arguments):
        if event == "open":
            note("w" if arguments[2] & writing else "r", arguments[0])
        elif event == "os.rename":
            note("w", arguments[1])
        elif event in ("os.listdir", "os.scandir"):
            note("d", arguments[0])

    sys.addaudithook(hook)


if "BOOK_TRACE" in os.environ:
    _root = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
    _watch(_root + os.sep, os.environ["BOOK_TRACE"])
