"""Files that are whole or not there: whatever is stored is written by `write_whole`."""

import os
import tempfile
from pathlib import Path


def write_whole(path, content):
    """Write beside and rename: a kill or a full disk leaves the old file or the new one, whole.

    Parameters
    ----------
    path : path
    content : str or bytes
        A text is stored as UTF-8.
    """
    path = Path(path)
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(handle, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        os.chmod(beside, 0o644)
        os.replace(beside, path)
    finally:
        Path(beside).unlink(missing_ok=True)
