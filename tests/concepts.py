"""Runs the taught kernels of a chapter, for the tests: chapters are never imported."""

from pathlib import Path

import jupytext

BOOK = Path(__file__).resolve().parents[1] / "book"


def load_kernels(chapter_path):
    """Execute, in order, every code cell of a chapter that is tagged ``kernel``.

    Kernel cells hold their own imports and depend on no other cell.

    Parameters
    ----------
    chapter_path : str or Path
        Relative to ``book/``, for example ``"03_concepts/convolution.py"``.

    Returns
    -------
    dict
        The names the cells define.

    Raises
    ------
    ValueError
        If the chapter has no cell tagged ``kernel``.
    """
    path = BOOK / chapter_path
    cells = [
        cell["source"]
        for cell in jupytext.read(path)["cells"]
        if cell["cell_type"] == "code" and "kernel" in cell["metadata"].get("tags", [])
    ]
    if not cells:
        raise ValueError(f"{chapter_path} has no code cell tagged 'kernel'")
    namespace = {}
    for source in cells:
        exec(compile(source, str(path), "exec"), namespace)
    return namespace
