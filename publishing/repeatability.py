"""Are results and pages what they were? Within a tolerance elsewhere, byte for byte on one machine.

`expected_results.json` beside this file holds what the chapters recorded when the book was last
accepted, each result with the tolerance within which another machine must agree. Data are the
same bytes everywhere, so what is computed from them agrees to rounding: within a millionth of the
value, or a billionth where the value itself is of the size of rounding; counts agree. A result
recorded as ``amplified`` comes from networks or from the chaos of fitted equations, where two
machines agree on averages only: within six standard errors (a bit more than four standard
deviations of the difference of two such averages). Where neither is right, the entry says
``why``, and keeps its tolerance when the rest is accepted anew.
"""

import json
import re
from pathlib import Path

import numpy as np
from PIL import Image

from publishing import freshness
from publishing.contents import ROOT

EXPECTED = Path(__file__).with_name("expected_results.json")


def expected():
    """The accepted results: dict of name to page, tolerance, and the entry that was recorded."""
    return json.loads(EXPECTED.read_text(encoding="utf8")) if EXPECTED.exists() else {}


def tolerance(entry):
    """How far another machine may be from a recorded value, by the rule above."""
    if isinstance(entry["value"], int):
        return 0.0
    rounding = max(1e-6 * np.max(np.abs(entry["value"])), 1e-9)
    return float(max(6 * np.max(entry["standard_error"]) * entry.get("amplified", False), rounding))


def error_tolerance(entry):
    """How far the standard error of an accepted result may be from its own on another machine.

    Where rounding is amplified, nothing is asked: a standard error of twenty repeats itself
    scatters by a sixth. Elsewhere each repeat moves by as much as the value may, and the standard
    error by less.
    """
    if entry.get("amplified"):
        return np.inf
    return entry["tolerance"] / np.sqrt(entry["n"] or 1)


def recorded(folder):
    """The results in a store, dict of name to entry."""
    entries = [
        json.loads(path.read_text(encoding="utf8")) for path in sorted(Path(folder).glob("*.json"))
    ]
    return {entry["name"]: entry for entry in entries}


def differences(found, wanted):
    """Say which results are missing, new, or further off than their tolerance.

    Parameters
    ----------
    found, wanted : dict of str to dict
        As `recorded` and `expected` give them.

    Yields
    ------
    str
    """
    for name in sorted(found.keys() | wanted.keys()):
        if name not in found:
            yield f"{name} is not recorded any longer"
        elif name not in wanted:
            yield f"{name} is new"
        else:
            ours, theirs = np.asarray(found[name]["value"]), np.asarray(wanted[name]["value"])
            allowed = wanted[name]["tolerance"]
            # Written so that what is not a number is refused.
            if ours.shape != theirs.shape or not np.all(abs(ours - theirs) <= allowed):
                yield f"{name} is {ours}, expected {theirs} within {allowed:.2g}"
            ours, theirs = (np.asarray(x[name].get("standard_error", 0)) for x in (found, wanted))
            allowed = error_tolerance({"n": None} | wanted[name])
            if ours.shape != theirs.shape or not np.all(abs(ours - theirs) <= allowed):
                yield f"{name} has standard error {ours}, expected {theirs} within {allowed:.2g}"


def accept(pages):
    """Make what the last build recorded the expected results; returns what changed."""
    old, found = expected(), recorded(ROOT / freshness.RESULTS)
    new = {}
    for page in pages:
        for path in freshness.executed(page).metadata["origins"]["writes"]:
            entry = json.loads((ROOT / path).read_text(encoding="utf8"))
            name = entry.pop("name")
            known = old.get(name, {})
            entry["tolerance"] = tolerance(entry)
            if "why" in known:
                entry |= {"tolerance": known["tolerance"], "why": known["why"]}
            new[name] = {"page": page, **entry}
    lines = [f"{json.dumps(name)}: {json.dumps(new[name])}" for name in sorted(new)]
    EXPECTED.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf8")
    return list(differences(found, old))


def same_site(one, other):
    """Say in what two built sites differ, apart from dates and durations.

    Text must agree byte for byte once each ``<time>`` element is emptied, figures pixel by pixel.
    """
    one, other = Path(one), Path(other)
    names = [
        {str(p.relative_to(top)) for p in top.rglob("*") if p.is_file()} for top in (one, other)
    ]
    for name in sorted(names[0] ^ names[1]):
        yield f"{name} is in one of them only"
    for name in sorted(names[0] & names[1]):
        contents = [(top / name).read_bytes() for top in (one, other)]
        if name.endswith(".html"):
            contents = [re.sub(rb"<time\b[^>]*>.*?</time>", b"<time/>", x) for x in contents]
        if contents[0] == contents[1]:
            continue
        if name.endswith((".png", ".jpg")):
            pictures = [np.asarray(Image.open(top / name)) for top in (one, other)]
            if np.array_equal(*pictures):
                continue
        elif name.endswith(".html"):
            lines = [x.decode(errors="replace").splitlines() for x in contents]
            number, pair = next(
                (i, p) for i, p in enumerate(zip(*lines, strict=False), 1) if p[0] != p[1]
            )
            name += f", line {number}: {pair[0].strip()[:120]!r} and {pair[1].strip()[:120]!r}"
        yield f"{name} differs"
