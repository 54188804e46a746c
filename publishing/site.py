"""Write the strict HTML site of all editions from the executed chapters, and check its pages."""

import errno
import hashlib
import os
import re
import shutil
import subprocess
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import yaml
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn

from publishing import addresses, checkout, freshness
from publishing.contents import BUILD, ROOT, TITLES, chapters, pages, read
from publishing.finding import offer_texts

# Not by its script, which names the folder that it was installed in, be it moved or not. A pass
# ends with the build that started it, whatever ends that: nobody writes to it, so it reads the end
# of the file as soon as the build is gone. Left alone it would write among the next build's pages.
PASS = """
import os, sys, threading
threading.Thread(target=lambda: (os.read(0, 1), os._exit(1)), daemon=True).start()
# As in freshness: seconds of grammars that nothing asks for.
sys.modules['rfc3987_syntax'] = None
from jupyter_book.cli.main import main
main()
"""


def write_site():
    """Run Jupyter Book strictly, every page anew from the kept outputs; True if all is well."""
    # A reused environment would hide the warnings of pages that it does not read again.
    for name in (".doctrees", "html", "fr", "jupyter_execute"):
        if (BUILD / name).exists():  # what cannot be removed would stay among the new pages
            shutil.rmtree(BUILD / name)
    offer_outputs()
    # Side by side, a core each; the French pass reads the same outputs.
    runs = [jupyter_book(edition) for edition in TITLES]
    whole = all([finished(run, edition) for run, edition in zip(runs, TITLES, strict=True)])
    if not whole:
        return False
    os.replace(BUILD / "fr" / "_build" / "html", BUILD / "html" / "fr")
    for edition in TITLES:
        folder = BUILD / "html" / edition
        entrance = _entrance(folder / "book" / "index.html")
        folder.joinpath("index.html").write_text(entrance, encoding="utf8")
    for edition in reversed(TITLES):  # the French pages lie in a folder of the English ones
        offer_texts(BUILD / "html" / edition)
    let_others_read(BUILD / "html")
    return True


def let_others_read(folder):
    """Give a web server access to a folder and all in it, whatever the umask of who built it."""
    for path in [folder, *folder.rglob("*")]:
        path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044))


def pdf_name(language):
    """The file name of an edition's PDF, which `publishing.pdf` prints."""
    return f"learning-lorenz{'' if language == 'en' else f'-{language}'}.pdf"


def hide_pdf(page, language):
    """A page whose menu does not lead to the PDF: the entry is a comment."""
    entry = rf'<li>\s*(?:<p>)?<a [^>]*href="[^"]*/{re.escape(pdf_name(language))}".*?</li>'
    return re.sub(entry, r"<!--PDF\g<0>PDF-->", page, flags=re.S)


def offer_pdf(printed, folder):
    """Put the PDF beside the pages that it was printed from, and lead there from their menus."""
    _replace(folder / printed.name, printed.read_bytes())
    for path in (folder / "book").rglob("*.html"):
        page = path.read_text(encoding="utf8")
        shown = re.sub(r"<!--PDF(.*?)PDF-->", r"\1", page, flags=re.S)
        if shown != page:
            _replace(path, shown.encode())


def _replace(path, content):
    """Put a file into the site while others read it."""
    beside = path.with_suffix(".tmp")
    beside.write_bytes(content)
    beside.chmod(0o644)
    os.replace(beside, path)


def _entrance(first):
    """A page at a root of the site that leads on to the first page, and describes it to others."""
    page = first.read_text(encoding="utf8")
    head = r'<html lang="[^"]*"|<title>.*?</title>|<meta [^>]*(?:og:|twitter:|"description")[^>]*>'
    language, *tags = re.findall(head + r'|<link rel="(?:canonical|alternate)"[^>]*>', page)
    return "\n".join([
        f'<!doctype html>{language}><meta charset="utf-8">',
        *tags,
        '<meta http-equiv="refresh" content="0; url=book/index.html">',
        '<a href="book/index.html">Learning Lorenz</a></html>\n',
    ])  # fmt: skip


def offer_outputs():
    """Put the kept outputs where Jupyter Book looks for them."""
    shutil.rmtree(BUILD / ".jupyter_cache", ignore_errors=True)
    cache = get_cache(str(BUILD / ".jupyter_cache"))
    for page in chapters():
        done = freshness.executed(page)
        bundle = CacheBundleIn(
            nb=freshness.with_outputs(read(page), done),
            uri=str((ROOT / page).with_suffix(".py")),
            data={"execution_seconds": done.metadata["seconds"]},
        )
        cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def jupyter_book(edition, *options):
    """Start Jupyter Book, strictly, every page anew.

    Parameters
    ----------
    edition : str
        Of `TITLES`. One that is not English is built beside the site, in a folder of its name.
    *options : str
        Further options of the command.

    Returns
    -------
    subprocess.Popen
    """
    # With the modules of this clone, whatever clone is installed.
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    command = [sys.executable, "-c", PASS, "build", str(ROOT), "--all"]
    command += ["-W", "-n", "--keep-going", *options]
    if edition or options:
        folder = BUILD / (edition or "messages")
        folder.mkdir(exist_ok=True)
        config = folder / "_config.yml"
        config.write_text(yaml.safe_dump(_configuration(edition)), encoding="utf8")
        command += ["--config", str(config), "--path-output", str(folder)]
    with _log(edition).open("wb") as log:
        says = {"stdin": subprocess.PIPE, "stdout": log, "stderr": subprocess.STDOUT}
        return subprocess.Popen(command, cwd=ROOT, env=environment, **says)


def _configuration(edition):
    """The book's configuration for another edition or folder than the English site's."""
    configuration = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf8"))
    # Taken relative to the configuration's own folder, which is not the book's here.
    local = configuration["sphinx"]["local_extensions"]
    configuration["sphinx"]["local_extensions"] = {n: str(ROOT / f) for n, f in local.items()}
    configuration["execute"]["cache"] = str(BUILD / ".jupyter_cache")
    if edition:
        configuration["title"] = TITLES[edition]
        configuration["sphinx"]["config"]["language"] = edition
    return configuration


def _log(edition):
    """Where a pass of Jupyter Book writes what it says."""
    return BUILD / f"sphinx{edition and '-' + edition}.log"


def finished(run, edition):
    """Wait for a pass of Jupyter Book; True if all is well."""
    with run:  # closes its input, but only once it has ended
        failed = run.wait()
    if not failed:
        return True
    output = _log(edition).read_text(encoding="utf8")
    lines = [x for x in output.splitlines() if re.search(r"WARNING:|ERROR:|Error:", x)]
    print("\n".join(lines or output.splitlines()[-30:]), file=sys.stderr)
    print(f"whole log: {_log(edition).relative_to(ROOT)}", file=sys.stderr)
    return False


def check_pages():
    """Say what no reader should meet; True if there is nothing to say."""
    problems = []
    for edition in TITLES:
        if "Executing notebook" in _log(edition).read_text(encoding="utf8"):
            problems.append(f"Jupyter Book executed a chapter by itself: see {_log(edition)}")
        for page in pages():
            path = (BUILD / "html" / edition / page).with_suffix(".html")
            found = page_problems(path.read_text("utf8")) if path.exists() else ["is missing"]
            problems += [f"{edition} {page}: {problem}".strip() for problem in found]
    print("\n".join(problems), file=sys.stderr, end="\n" if problems else "")
    return not problems


def serve(port="8000"):
    """Show the built book on this machine until it is interrupted."""
    if not (port.isascii() and port.isdigit() and 0 <= int(port) < 2**16):
        sys.exit(f"PORT must be a number up to 65535, got {port!r}: make serve PORT=8001")
    handler = partial(SimpleHTTPRequestHandler, directory=str(BUILD / "html"))
    try:
        server = ThreadingHTTPServer(("127.0.0.1", int(port)), handler)
    except OSError as error:
        why = {errno.EADDRINUSE: "is in use", errno.EACCES: "is not for every user"}
        if error.errno not in why:
            raise
        sys.exit(f"Port {port} {why[error.errno]}: name another one, as in make serve PORT=8001")
    with server:
        address = f"http://127.0.0.1:{server.server_port}/"
        print(f"The book is at {address} until Ctrl-C", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


def check_links():
    """Ask for each address that the pages name, and print those that fail; True if none does."""
    offer_outputs()
    run = jupyter_book("", "--builder", "linkcheck")
    whole = finished(run, "")
    found = BUILD / "messages" / "_build" / "linkcheck" / "output.txt"
    print(found.read_text(encoding="utf8") if found.exists() else "", end="", file=sys.stderr)
    return whole


def page_problems(html):
    """What no reader should meet on a page, though Sphinx is content with it."""
    if "Traceback (most recent call last)" in html:
        yield "shows a traceback"
    if re.search(r"\w+Warning:", html):
        yield "shows a library's warning"
    scripts = re.findall(r'<script [^>]*?src="([^"]+)"', html)
    yield from (f"loads {name} twice" for name in {n for n in scripts if scripts.count(n) > 1})
    for image in re.findall(r"<img[^>]*>", html):
        alt = re.search(r'alt="([^"]*)"', image)
        if alt is None or re.search(r"\.(png|svg|jpe?g)$", alt[1]):
            yield f"image without alt text: {image[:120]}"


def site_state():
    """Digest of all that the site is written from.

    Sources, executed chapters, versions, the commit, and the addresses that pages lead to.
    """
    made_from = (checkout.source_state(), addresses.known(), freshness.environment())
    state = hashlib.sha256(repr(made_from).encode())
    folders = [
        path
        for name in ("book", "publishing", "_build/executed")
        for path in (ROOT / name).rglob("*")
    ]
    # The citation stands on the first page; interactive figures show the stored model and results.
    others = [ROOT / "CITATION.cff", *ROOT.glob("_*.yml"), *ROOT.glob("models/faithful-*")]
    others += ROOT.glob("experiments/results/*.json")
    for path in sorted([*folders, *filter(Path.exists, others)]):
        # Sphinx writes the compiled catalogues (.mo) while it writes the site.
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".mo":
            state.update(str(path).encode() + path.read_bytes())
    return state.hexdigest()
