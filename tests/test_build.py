"""The build, on a small book: what is executed again and why, and how it meets each fault."""

import ast
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from functools import partial
from pathlib import Path

import pytest

from lorenz_utils import ledger
from publishing import __main__ as command
from publishing import (
    addresses,
    checkout,
    contents,
    execute,
    freshness,
    rehearsal,
    repeatability,
    site,
)

ROOT = Path(__file__).resolve().parents[1]

HEADER = (ROOT / "book" / "05_conclusions.py").read_text().split("# %%")[0]
FIRST = """
# %% [markdown]
# # First

# %% mystnb={"figure": {"caption": "A caption."}}
import json
from pathlib import Path
from lorenz_utils import ledger, one
numbers = [json.loads(p.read_text()) for p in sorted(Path("../data").glob("*.json"))]
ledger.record("first/sum", sum(numbers) + one.VALUE)
"""
LAST = """
# %% [markdown]
# # Last

# %%
from lorenz_utils import ledger
print(ledger.recall("first/sum").value)
"""


class Clone:
    """A copy of the build with two small chapters."""

    def __init__(self, folder):
        self.folder = folder
        for name in ("lorenz_utils", "data", "book"):
            (folder / name).mkdir(parents=True)
        unneeded = shutil.ignore_patterns("__pycache__", "sphinx", "expected_*")
        shutil.copytree(ROOT / "publishing", folder / "publishing", ignore=unneeded)
        for name in ("checks.py", "files.py", "ledger.py"):
            shutil.copy(ROOT / "lorenz_utils" / name, folder / "lorenz_utils" / name)
        for name, text in {
            "constraints.txt": "numpy==2\npyyaml==6\n",
            "_toc.yml": "root: book/index\nparts: [{chapters: [{file: book/first}, "
            "{file: book/05_conclusions}]}]\n",
            "lorenz_utils/__init__.py": "",
            "lorenz_utils/one.py": "from lorenz_utils.two import VALUE\n",
            "lorenz_utils/two.py": "VALUE = 1\n",
            "lorenz_utils/unused.py": "VALUE = 1\n",
            "data/a.json": "10",
            "book/first.py": HEADER + FIRST,
            "book/05_conclusions.py": HEADER + LAST,
        }.items():
            self.write(name, text)

    def write(self, name, text):
        (self.folder / name).write_text(text)

    def edit(self, name, old, new):
        text = (self.folder / name).read_text()
        assert old in text
        self.write(name, text.replace(old, new))

    def command(self, step):
        return [sys.executable, "-m", "publishing", step]

    def run(self, step, **options):
        options = {"capture_output": True, "text": True, "cwd": self.folder} | options
        return subprocess.run(self.command(step), **options)

    def inside(self, call):
        """Call a step of the build on this clone, in this process."""
        with pytest.MonkeyPatch.context() as patch:
            modules = (contents, checkout, execute, freshness, site, rehearsal, repeatability)
            for module in (*modules, command):
                for name, folder in {"ROOT": self.folder, "BUILD": self.folder / "_build"}.items():
                    patch.setattr(module, name, folder, raising=False)
            patch.setattr(
                execute, "EXPECTED_SECONDS", self.folder / "publishing" / "expected_seconds.json"
            )
            freshness.environment.cache_clear()
            try:
                return call()
            finally:
                freshness.environment.cache_clear()

    def execute(self, capsys):
        """The chapters that were executed, once it is sure that all went well."""
        capsys.readouterr()
        assert self.inside(execute.execute_stale), capsys.readouterr().err
        return [x.split()[-1] for x in capsys.readouterr().out.splitlines() if " s  " in x]

    def stale(self):
        """The stale chapters with their reasons."""
        found = self.inside(lambda: {page: freshness.reasons(page) for page in contents.chapters()})
        assert len(found) == 2
        return {page: "; ".join(why) for page, why in found.items() if why}

    def result(self):
        path = self.folder / "_build" / "results" / "first--sum.json"
        return json.loads(path.read_text())["value"]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    clone = Clone(tmp_path_factory.mktemp("built") / "a clone, à lire")
    assert set(clone.stale().values()) == {"never executed"}
    assert clone.inside(execute.execute_stale)
    assert clone.stale() == {}
    return clone


@pytest.fixture
def copy(built, tmp_path):
    """The executed small book, to be spoilt; its kernels see the paths of the copy."""
    clone = object.__new__(Clone)
    clone.folder = tmp_path / built.folder.name
    shutil.copytree(built.folder, clone.folder)
    return clone


def test_status_lists_each_chapter_as_fresh_or_stale_and_why(copy):
    copy.write("data/a.json", "20")
    assert copy.run("status").stdout.splitlines() == [
        "stale  book/first: data/a.json changed",
        "fresh  book/05_conclusions",
    ]


def test_prose_captions_and_unused_modules_execute_nothing(copy, capsys):
    copy.edit("book/first.py", "# # First", "# # First, in other words")
    copy.edit("book/first.py", "A caption.", "Another caption.")
    copy.edit("lorenz_utils/unused.py", "1", "2")
    assert copy.stale() == {}
    assert copy.execute(capsys) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "value", "reason"),
    [
        ("book/first.py", "sum(numbers)", "2 * sum(numbers)", 21, "its code changed"),
        ("lorenz_utils/two.py", "1", "2", 12, "lorenz_utils/two.py changed"),
        ("lorenz_utils/ledger.py", '"""The', '"""Our', 11, "lorenz_utils/ledger.py changed"),
        ("data/a.json", "10", "20", 21, "data/a.json changed"),
    ],
)
def test_each_input_of_a_chapter_executes_it_and_what_reads_its_results(
    copy, name, old, new, value, reason, capsys
):
    copy.edit(name, old, new)
    assert copy.stale()["book/first"] == reason
    executed = copy.execute(capsys)
    assert copy.result() == value
    # The last chapter reads the result: it is executed when the result, or its own input, changed.
    changed = value != 11 or "ledger" in name
    assert executed == ["book/first", *(["book/05_conclusions"] if changed else [])]
    assert copy.stale() == {}


def test_a_new_or_lost_data_file_is_noticed(copy, capsys):
    copy.write("data/b.json", "5")
    assert copy.stale() == {"book/first": "data changed"}
    copy.execute(capsys)
    assert copy.result() == 16
    (copy.folder / "data" / "b.json").unlink()
    assert copy.stale()["book/first"] == "data changed; data/b.json changed"


def test_another_version_of_a_pinned_library_or_of_python_is_named(copy):
    store = copy.folder / "_build" / "executed" / "book" / "first.ipynb"
    notebook = json.loads(store.read_text())
    environment = notebook["metadata"]["origins"]["environment"]
    assert set(environment) == {"Python", "numpy", "pyyaml"}
    now = dict(environment)
    environment |= {"numpy": "1.0", "Python": "3.0"}
    store.write_text(json.dumps(notebook))
    assert copy.stale() == {
        "book/first": f"Python was 3.0, is {now['Python']}; numpy was 1.0, is {now['numpy']}"
    }


def test_a_corrupted_results_store_is_made_again(copy, capsys):
    path = copy.folder / "_build" / "results" / "first--sum.json"
    for damage in ("", '{"value": 3}', "not json"):
        path.write_text(damage)
        assert "what it wrote is gone or changed" in copy.stale()["book/first"]
        assert copy.execute(capsys) == ["book/first"]
        assert copy.result() == 11
    shutil.rmtree(path.parent)
    assert copy.execute(capsys) == ["book/first"]


def test_a_corrupted_executed_chapter_is_made_again(copy, capsys):
    store = copy.folder / "_build" / "executed" / "book" / "first.ipynb"
    store.write_text(store.read_text()[:100])
    assert copy.stale() == {"book/first": "never executed"}
    assert copy.execute(capsys) == ["book/first"]


def test_a_result_that_no_chapter_records_any_longer_is_forgotten(copy, capsys):
    copy.edit("book/first.py", '"first/sum"', '"first/total"')
    copy.edit("book/05_conclusions.py", '"first/sum"', '"first/total"')
    copy.execute(capsys)
    assert [p.name for p in (copy.folder / "_build/results").iterdir()] == ["first--total.json"]


def test_a_file_that_changes_while_it_is_read_leaves_the_chapter_stale(copy, capsys):
    copy.edit("book/first.py", "ledger.record", "Path('../data/a.json').touch()\nledger.record")
    copy.execute(capsys)
    assert copy.stale()["book/first"] == "data/a.json changed"


def test_a_file_dated_in_the_future_leaves_no_chapter_stale(copy, capsys):
    os.utime(copy.folder / "data" / "a.json", (time.time() + 3600,) * 2)
    copy.write("data/b.json", "5")
    copy.execute(capsys)
    assert copy.stale() == {}


def test_settings_of_the_user_change_no_page(copy, tmp_path, monkeypatch):
    kernel = tmp_path / "jupyter" / "kernels" / "python3" / "kernel.json"
    startup = tmp_path / "ipython" / "profile_default" / "startup" / "first.py"
    for path, text in {
        kernel: '{"argv": ["false"], "display_name": "Another", "language": "python"}',
        startup: "meddled = 1",
        tmp_path / "startup.py": "meddled = 2",
        tmp_path / "matplotlibrc": "lines.linewidth: 7\nbackend: svg",
    }.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for name, value in {
        "JUPYTER_PATH": "jupyter",
        "IPYTHONDIR": "ipython",
        "PYTHONSTARTUP": "startup.py",
        "MATPLOTLIBRC": "matplotlibrc",
        "MPLCONFIGDIR": ".",
        "LORENZ_HOME": "elsewhere",
        "LORENZ_RESULTS": "elsewhere",
    }.items():
        monkeypatch.setenv(name, str(tmp_path / value))
    monkeypatch.setenv("MPLBACKEND", "svg")
    monkeypatch.setenv("PYTHONWARNINGS", "error::ImportWarning")
    monkeypatch.setenv("PYTHONOPTIMIZE", "1")
    copy.edit(
        "book/first.py",
        "ledger.record(",
        f"import matplotlib, sys\nassert sys.executable == {sys.executable!r}\n"
        "assert matplotlib.rcParams['lines.linewidth'] == 1.5\n"
        "assert 'inline' in matplotlib.get_backend()\n"
        "assert 'meddled' not in globals()\n"
        "assert __debug__\nimport warnings; warnings.warn('unheard', ImportWarning)\n"
        "ledger.record(",
    )
    run = copy.run("execute")
    assert run.returncode == 0, run.stderr
    assert copy.stale() == {}
    assert not (tmp_path / "elsewhere").exists()


def test_the_locale_does_not_matter(copy):
    copy.edit("book/first.py", "ledger.record(", "print('λ, à lire')\nledger.record(")
    # As on a system whose own encoding is another: Python is told not to look for a better one.
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    run = copy.run("execute", env={**os.environ, **ascii_only})
    assert run.returncode == 0, run.stderr
    assert copy.stale() == {}
    assert "λ, à lire" in str(copy.inside(lambda: freshness.executed("book/first")).cells)


def test_what_is_not_named_binary_is_utf8():
    sources = [
        p
        for name in ("lorenz_utils", "book", "experiments", "publishing")
        for p in (ROOT / name).rglob("*.py")
    ]
    calls = [
        (path, node)
        for path in sources
        for node in ast.walk(ast.parse(path.read_text(encoding="utf8")))
        if isinstance(node, ast.Call)
    ]
    assert calls
    for path, call in calls:
        name = ast.unparse(call.func)
        given = {ast.unparse(x) for x in [*call.args, *call.keywords]}
        opens = name.split(".")[-1] == "open" and name not in ("os.open", "Image.open")
        text = opens and not {"'rb'", "'wb'"} & given
        if text or "text=True" in given or name.endswith(("read_text", "write_text")):
            assert {"'utf8'", "encoding='utf8'"} & given, f"{path}, line {call.lineno}"


# How long a test waits for another process before it gives up: no measure of anything, so generous.
PATIENCE = 300


def wait_for(path):
    end = time.monotonic() + PATIENCE
    while not path.exists():
        assert time.monotonic() < end, f"{path} does not appear"
        time.sleep(0.05)


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def slow(copy):
    """The first chapter says that it has begun, and goes on when it is allowed to."""
    waiting = (
        "import os, time\nPath('../begun').write_text(str(os.getpid()))\n"
        "while not Path('../go').exists():\n    time.sleep(0.05)\n"
    )
    copy.edit("book/first.py", "numbers = ", waiting + "numbers = ")
    return copy


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_killed_build_loses_nothing_and_the_next_goes_on(slow, how, capsys):
    before = {p: p.read_bytes() for p in (slow.folder / "_build").rglob("*") if p.is_file()}
    # A shell's background job, and so what it starts, ignores SIGINT unless told otherwise.
    heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = subprocess.Popen(
        slow.command("execute"), cwd=slow.folder, stdout=subprocess.PIPE, preexec_fn=heed
    )
    wait_for(slow.folder / "begun")
    kernel = int((slow.folder / "begun").read_text())
    process.send_signal(how)
    process.wait(PATIENCE)
    assert process.returncode != 0
    end = time.monotonic() + PATIENCE
    while alive(kernel):
        assert time.monotonic() < end, "the kernel lives on"
        time.sleep(0.1)
    after = {p: p.read_bytes() for p in before if p.name != ".lock"}
    assert after == {p: x for p, x in before.items() if p.name != ".lock"}
    (slow.folder / "go").touch()
    assert slow.execute(capsys) == ["book/first"]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_killed_build_leaves_no_pass_that_would_write_among_the_next_ones_pages(copy, how):
    copy.write("_config.yml", "{execute: {}, sphinx: {local_extensions: {}, config: {}}}")
    endless = "import os, sys, time, pathlib\nedition = 'fr' if '--config' in sys.argv else 'en'\n"
    endless += "def main():\n    pathlib.Path(edition).write_text(str(os.getpid()))\n"
    (copy.folder / "jupyter_book" / "cli").mkdir(parents=True)
    for package in ("jupyter_book", "jupyter_book/cli"):
        copy.write(f"{package}/__init__.py", "")
    copy.write("jupyter_book/cli/main.py", endless + f"    time.sleep({2 * PATIENCE})\n")
    heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    build = subprocess.Popen(
        copy.command("build"), cwd=copy.folder, stdout=subprocess.PIPE, preexec_fn=heed
    )
    for edition in ("en", "fr"):
        wait_for(copy.folder / edition)
    build.send_signal(how)
    build.wait(PATIENCE)
    passes = [int((copy.folder / edition).read_text()) for edition in ("en", "fr")]
    end = time.monotonic() + PATIENCE
    while any(map(alive, passes)):
        assert time.monotonic() < end, "a pass lives on"
        time.sleep(0.1)


def test_a_second_build_in_one_clone_is_refused(slow):
    process = subprocess.Popen(slow.command("execute"), cwd=slow.folder, stdout=subprocess.PIPE)
    wait_for(slow.folder / "begun")
    second = slow.run("execute")
    assert second.returncode == 1
    assert f"Another build runs in this clone (process {process.pid})" in second.stderr
    (slow.folder / "go").touch()
    assert process.wait(PATIENCE) == 0
    assert slow.stale() == {}


def test_a_failing_cell_is_named_and_the_rest_is_kept(copy):
    copy.edit("book/first.py", "ledger.record", "1 / 0\nledger.record")
    run = copy.run("execute")
    assert run.returncode == 1
    assert "book/first.py, cell 2 ('import json') failed" in run.stderr
    assert "ZeroDivisionError" in run.stderr
    copy.edit("book/first.py", "1 / 0\n", "")
    assert copy.stale() == {}, "the outputs of the code that is back again were lost"


def test_a_kernel_that_dies_is_heard(copy):
    copy.edit(
        "book/first.py", "ledger.record", "import os; os.write(2, b'last words'); os.abort()\nx"
    )
    run = copy.run("execute")
    assert run.returncode == 1
    assert "book/first.py failed" in run.stderr and "last words" in run.stderr


def test_a_kernel_that_does_not_start_is_heard(copy):
    copy.edit("data/a.json", "10", "20")
    copy.write(
        "publishing/trace/sitecustomize.py", "import os; os.write(2, b'born dead')\nos._exit(3)"
    )
    run = copy.run("execute")
    assert run.returncode == 1
    assert "book/first.py failed" in run.stderr and "born dead" in run.stderr
    assert "publishing/execute.py" not in run.stderr, "no traceback of the build"


def git(folder, *arguments):
    name = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    subprocess.run(["git", *name, *arguments], cwd=folder, check=True, capture_output=True)


def test_an_archive_inside_another_repository_has_no_commit(copy):
    git(copy.folder.parent, "init")
    git(copy.folder.parent, "commit", "--allow-empty", "-m", "Another project")
    assert copy.inside(checkout.source_state) == (None, False)
    git(copy.folder, "init")
    git(copy.folder, "commit", "--allow-empty", "-m", "This one")
    commit, dirty = copy.inside(checkout.source_state)
    assert len(commit) == 10 and dirty


def test_a_clone_that_git_does_not_trust_says_why_its_commit_is_unknown(copy, capsys):
    git(copy.folder, "init")
    git(copy.folder, "commit", "--allow-empty", "-m", "Someone's")
    try:
        for path in (copy.folder, copy.folder / ".git"):
            os.chown(path, 12345, 12345)
    except PermissionError:
        # Only root may give a folder away; CI runs as root, a contributor's machine need not.
        pytest.skip("giving a folder to another user is not allowed here")
    assert copy.inside(checkout.source_state) == (None, False)
    assert "the pages name no commit. git says: fatal: detected dubious" in capsys.readouterr().err


def test_others_may_read_the_site_whatever_the_umask(tmp_path):
    old = os.umask(0o077)
    try:
        (tmp_path / "html" / "book").mkdir(parents=True)
        (tmp_path / "html" / "book" / "index.html").touch()
    finally:
        os.umask(old)
    site.let_others_read(tmp_path / "html")
    modes = [oct(p.stat().st_mode)[-3:] for p in sorted((tmp_path / "html").rglob("*"))]
    assert modes == ["755", "644"]
    assert (tmp_path / "html").stat().st_mode & 0o777 == 0o755


PINS = ("requirements.txt", "constraints.txt", "pyproject.toml")


class Folder:
    """A clone for make, without the book; its environment's Python only says how it is called."""

    def __init__(self, folder):
        self.folder, self.python = folder, folder / ".venv" / "bin" / "python"
        self.python.parent.mkdir(parents=True)
        for name in ("Makefile", *PINS):
            shutil.copy(ROOT / name, folder)
        version = sys.version.split()[0]
        shown = " ".join(f'"{name}=${name}"' for name in ("PYTHONPATH", "JUPYTER_CONFIG_PATH"))
        said = f"printf '%s|' {shown} \"$@\""
        self.script(self.python, f'[ "$1" = -V ] && echo Python {version} && exit\n{said}')
        self.stamp(folder)

    def script(self, path, text):
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def stamp(self, folder):
        pins = b"".join((self.folder / name).read_bytes() for name in PINS)
        count = subprocess.run(["cksum"], input=pins, capture_output=True, check=True).stdout
        self.folder.joinpath(".venv", ".installed").write_text(f"{folder}\n{count.decode()}")

    def make(self, *arguments, **environment):
        # Without the outer make's own variables: the tests are themselves run by ``make test``.
        outer = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PYTHON", "PORT", "OPTIONS")
        kept = {k: x for k, x in os.environ.items() if k not in outer}
        return subprocess.run(
            ["make", *arguments],
            cwd=self.folder,
            env=kept | environment,
            capture_output=True,
            text=True,
        )

    def current(self, *settings):
        return self.make("-q", ".venv/.installed", *settings).returncode == 0


@pytest.fixture(params=["a clone, à lire", 'Jane\'s "first" $HOME & (co) #1'])
def folder(request, tmp_path):
    return Folder(tmp_path / request.param)


def test_the_environment_is_made_again_where_its_folder_or_python_is_another(folder, tmp_path):
    other = tmp_path / "other python"
    folder.script(other, "echo Python 3.99.0")
    assert folder.current() and folder.current(f"PYTHON={sys.executable}")
    assert not folder.current(f"PYTHON={other}")
    folder.stamp(folder.folder.parent / "another place")
    assert not folder.current()
    folder.stamp(folder.folder)
    folder.python.unlink()
    assert not folder.current()


def test_the_pins_decide_about_the_environment_and_not_their_dates(folder):
    for name in PINS:
        os.utime(folder.folder / name, (time.time() + 86400,) * 2)
    assert folder.current()
    folder.folder.joinpath("constraints.txt").write_text("numpy==2\n")
    os.utime(folder.folder / "constraints.txt", (0, 0))
    assert not folder.current()


def test_the_lab_starts_in_any_folder_with_this_clones_modules_and_the_users_options(folder):
    run = folder.make("lab", "PORT=8890", "OPTIONS=--no-browser --ip=::", PYTHONPATH="/other")
    root = ["--allow-root"] if os.getuid() == 0 else []
    assert run.stdout.strip("|").split("|") == [
        f"PYTHONPATH={folder.folder}",
        f"JUPYTER_CONFIG_PATH={folder.folder}/.jupyter",
        *("-m", "jupyterlab", "book"),
        *root,
        *("--port", "8890", "--no-browser", "--ip=::"),
    ], run.stderr
    assert folder.make("lab").stdout.strip("|").split("|")[2:] == [
        "-m",
        "jupyterlab",
        "book",
        *root,
    ]


def test_a_port_that_cannot_be_had_is_one_clear_line(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        for wanted, why in ((port, f"Port {port} is in use"), ("http", "PORT must be a number")):
            with pytest.raises(SystemExit, match=f"^{why}.*: .*make serve PORT=8001$"):
                site.serve(str(wanted))


def test_the_served_book_is_there_until_it_is_interrupted(copy):
    page = copy.folder / "_build" / "html" / "index.html"
    page.parent.mkdir()
    page.write_text("the book")
    heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    command = [*copy.command("serve"), "0"]
    pipe = subprocess.PIPE
    server = subprocess.Popen(
        command, cwd=copy.folder, stdout=pipe, stderr=pipe, text=True, preexec_fn=heed
    )
    address = server.stdout.readline().split()[4]
    with urllib.request.urlopen(address) as answer:
        assert answer.read() == b"the book"
    server.send_signal(signal.SIGINT)
    assert "Traceback" not in server.communicate(timeout=PATIENCE)[1]
    assert server.returncode == 0


@pytest.fixture
def disk(tmp_path):
    """Mount a file system of 256 kilobytes, or mount it anew with other options."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(options):
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        if subprocess.run(command, capture_output=True).returncode:
            # Only root may mount; CI runs as root, a contributor's machine need not.
            pytest.skip("mounting a small file system is not allowed here")
        return folder

    yield mount
    subprocess.run(["umount", "-l", str(folder)], capture_output=True)


def test_a_read_only_checkout_is_said_to_be_one(disk, capsys):
    clone = Clone(disk("size=256k") / "clone")
    disk("remount,ro,size=256k")
    run = clone.run("execute")
    assert run.returncode == 1
    assert "Read-only file system" in run.stderr and "copy it where you may write" in run.stderr
    assert "Traceback" not in run.stderr
    disk("remount,rw,size=256k")
    assert clone.execute(capsys) == ["book/first", "book/05_conclusions"]


def test_a_full_disk_is_said_to_be_full_and_the_next_build_goes_on(disk, capsys):
    clone = Clone(disk("size=256k") / "clone")
    clone.edit("book/first.py", "ledger.record", "print('x' * 300_000)\nledger.record")
    run = clone.run("execute")
    assert run.returncode == 1
    assert "No space left on device" in run.stderr and "make book goes on" in run.stderr
    assert "Traceback" not in run.stderr
    clone.edit("book/first.py", "300_000", "3")
    assert clone.execute(capsys) == ["book/first", "book/05_conclusions"]
    assert clone.stale() == {}


def test_each_chapter_says_how_long_it_may_take_even_in_a_first_build(tmp_path, capsys):
    clone = Clone(tmp_path / "clone")
    clone.write("publishing/expected_seconds.json", '{"book/first": 41}')
    assert clone.execute(capsys) == ["book/first", "book/05_conclusions"]
    clone.edit("book/first.py", "sum(numbers)", "2 * sum(numbers)")
    last = clone.inside(lambda: freshness.executed("book/first")).metadata["seconds"]
    clone.inside(execute.execute_stale)
    lines = [x.strip() for x in capsys.readouterr().out.splitlines() if "begun" in x]
    assert lines[0] == f"begun   book/first, about {last:.0f} s"
    shutil.rmtree(clone.folder / "_build")
    clone.inside(execute.execute_stale)
    lines = [x.strip() for x in capsys.readouterr().out.splitlines() if "begun" in x]
    assert lines == ["begun   book/first, about 41 s", "begun   book/05_conclusions, never timed"]


def test_the_libraries_of_a_chapter_use_one_thread_whatever_the_user_has_set(copy, monkeypatch):
    for name in execute.ONE_THREAD:
        monkeypatch.setenv(name, "2")
    copy.edit(
        "book/first.py",
        "ledger.record(",
        "import numpy, threadpoolctl, torch\nnumpy.ones((4, 4)) @ numpy.ones((4, 4))\n"
        "threads = {pool['num_threads'] for pool in threadpoolctl.threadpool_info()}\n"
        "assert threads == {torch.get_num_threads()} == {1}, threads\nledger.record(",
    )
    assert copy.inside(execute.execute_stale)


@pytest.fixture
def writing(copy, monkeypatch):
    """The small book with a Jupyter Book that only counts how often it writes."""
    written = []

    def write_site():
        written.append(1)
        for edition in contents.TITLES:
            for page in ("first", "05_conclusions"):
                path = copy.folder / "_build" / "html" / edition / "book" / f"{page}.html"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text("<p>text</p>")
        for log in ("sphinx.log", "sphinx-fr.log"):
            (copy.folder / "_build" / log).write_text("")
        return True

    monkeypatch.setattr(site, "write_site", write_site)
    monkeypatch.setattr(site, "pages", lambda: ["book/first", "book/05_conclusions"])
    monkeypatch.setattr(ledger, "claims", list)  # the small book judges none
    assert copy.inside(command.build)
    return copy, written


def test_a_build_without_a_change_writes_nothing(writing, capsys):
    copy, written = writing
    assert copy.inside(command.build)
    assert len(written) == 1
    assert "The site is up to date" in capsys.readouterr().out


@pytest.mark.parametrize("change", ["prose", "toc", "lost page", "broken page", "commit", "remote"])
def test_each_change_that_a_page_shows_writes_the_site_anew(writing, change, monkeypatch):
    copy, written = writing
    if change == "prose":
        copy.edit("book/first.py", "# # First", "# # First, in other words")
    elif change == "toc":
        copy.write("_toc.yml", (copy.folder / "_toc.yml").read_text() + "# another order\n")
    elif change == "lost page":
        (copy.folder / "_build" / "html" / "book" / "first.html").unlink()
    elif change == "broken page":
        page = copy.folder / "_build" / "html" / "book" / "first.html"
        page.write_text("Traceback (most recent call last)")
    elif change == "remote":
        monkeypatch.setattr(addresses, "known", lambda: addresses.Addresses(site="https://a.org/"))
    else:
        monkeypatch.setattr(checkout, "source_state", lambda: ("another", True))
    assert copy.inside(command.build)
    assert len(written) == 2


def test_the_profile_lists_the_slowest_cells_first(copy, capsys):
    copy.edit("book/first.py", "ledger.record", "import time; time.sleep(1.2)\nledger.record")
    copy.execute(capsys)
    copy.inside(execute.profile)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("book/first, cell 2: import json")
    assert float(lines[0].split()[0]) >= 1.2
    assert len(lines) == 2
