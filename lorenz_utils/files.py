"""Where stored things lie, and files that are whole or not there.

Models, results and claims are found below `home`; whatever is stored is written by `write_whole`.
"""

import os
import tempfile
from pathlib import Path


def home():
    """The folder that holds ``models``, ``book/claims.yml`` and ``_build/results``.

    It is the one that the environment variable ``LORENZ_HOME`` names; without it the nearest one,
    from the working directory upwards, that holds ``book/claims.yml``; or else the working
    directory.
    """
    here = Path.cwd()
    if os.environ.get("LORENZ_HOME"):
        return here / os.environ["LORENZ_HOME"]
    above = (here, *here.parents)
    return next((folder for folder in above if (folder / "book" / "claims.yml").exists()), here)


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
