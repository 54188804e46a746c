"""Where pages lead: the clone's own repository and site, or, where none is known, nowhere."""

import os
import subprocess

import pytest

from publishing import addresses, checkout

GITHUB = ("https://github.com/someone/a-book", "https://someone.github.io/a-book/")
GITLAB = ("https://gitlab.com/group/sub/a-book", "https://group.gitlab.io/sub/a-book/")
OWN = ("https://gitlab.example.org/group/a-book", "")
NONE = ("", "")


@pytest.mark.parametrize(
    ("remote", "found"),
    [
        ("https://github.com/someone/a-book", GITHUB),
        ("https://github.com/someone/a-book.git", GITHUB),
        ("https://github.com/someone/a-book/", GITHUB),
        ("https://www.github.com/someone/a-book.git/", GITHUB),
        ("https://x-access-token:s3cr3t@github.com/someone/a-book", GITHUB),
        ("git@github.com:someone/a-book.git", GITHUB),
        ("git@github.com:/someone/a-book", GITHUB),
        ("org-123@github.com:someone/a-book.git", GITHUB),
        ("git@github.com-work:someone/a-book.git", GITHUB),
        ("ssh://git@github.com/someone/a-book.git", GITHUB),
        ("ssh://git@ssh.github.com:443/someone/a-book.git", GITHUB),
        ("git://github.com/someone/a-book.git", GITHUB),
        ("git@gitlab.com:group/sub/a-book.git", GITLAB),
        ("https://gitlab-ci-token:s3cr3t@gitlab.com/group/sub/a-book.git", GITLAB),
        ("ssh://git@altssh.gitlab.com:443/group/sub/a-book.git", GITLAB),
        ("ssh://git@gitlab.example.org:2222/group/a-book.git", OWN),
        ("git@gitlab.example.org:group/a-book.git", OWN),
        (
            "http://gitlab.example.org:8080/group/a-book.git",
            ("http://gitlab.example.org:8080/group/a-book", ""),
        ),
        (
            "git@github.com:Someone/someone.github.io.git",
            ("https://github.com/Someone/someone.github.io", "https://someone.github.io/"),
        ),
        (
            "https://gitlab.com/group/group.gitlab.io",
            ("https://gitlab.com/group/group.gitlab.io", "https://group.gitlab.io/"),
        ),
        ("", NONE),
        ("/home/someone/a-book", NONE),
        ("../a-book", NONE),
        ("C:/Users/someone/a-book", NONE),
        ("file:///home/github.com/someone/a-book", NONE),
        ("someone@server:a/book.git", NONE),
        ("https://git.example.org/someone/a-book.git", NONE),
        ("https://github.com.example.org/someone/a-book", NONE),
        ("https://example.org/github.com/someone/a-book", NONE),
        ("https://github.com/someone", NONE),
        ("https://github.com/someone/a-book/tree/main", NONE),
        ("https://github.com/someone/a book", NONE),
    ],
)
def test_a_remote_tells_repository_and_site(remote, found):
    known = addresses.find(remote)
    assert (known.repository, known.site) == found
    assert "s3cr3t" not in repr(known)
    # What runs a page is offered where it would find the page.
    assert bool(known.binder("book/a")) == (found in (GITHUB, GITLAB) or known.site != "")
    assert bool(known.colab("book/a")) == ("github" in found[0])


def test_each_service_is_asked_in_its_own_way():
    page, lab = "book/02_parametric/noise", "lab%2Ftree%2Fbook%2F02_parametric%2Fnoise.py"
    github, gitlab = (addresses.find(found[0]) for found in (GITHUB, GITLAB))
    binder = "https://mybinder.org/v2"
    assert github.binder(page) == f"{binder}/gh/someone/a-book/HEAD?urlpath={lab}"
    assert gitlab.binder(page) == f"{binder}/gl/group%2Fsub%2Fa-book/HEAD?urlpath={lab}"
    opened = f"github/someone/a-book/blob/notebooks/{page}.ipynb"
    assert github.colab(page) == f"https://colab.research.google.com/{opened}"


@pytest.mark.parametrize("site", ["https://example.org/book", " https://example.org/book/ "])
@pytest.mark.parametrize("remote", [GITHUB[0], OWN[0], "", "/home/someone/a-book"])
def test_a_site_of_ones_own_goes_before_the_hosts(remote, site):
    known = addresses.find(remote, site)
    assert known.site == "https://example.org/book/"
    assert known.repository == addresses.find(remote).repository


def git(folder, *arguments):
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A folder without git that stands for this clone."""
    folder = tmp_path / "around" / "a clone"
    folder.mkdir(parents=True)
    monkeypatch.setattr(checkout, "ROOT", folder)
    for name in ("BOOK_REMOTE", "BOOK_SITE"):
        monkeypatch.delenv(name, raising=False)
    return folder


def test_the_clones_own_remote_is_asked(clone):
    nothing = addresses.Addresses()
    git(clone.parent, "init")
    git(clone.parent, "remote", "add", "origin", "https://github.com/another/project")
    assert addresses.known() == nothing, "an archive is not of the repository around it"
    (clone / ".git").mkdir()
    assert addresses.known() == nothing, "nor is what is left of a clone"
    git(clone, "init")
    assert addresses.known() == nothing
    git(clone, "remote", "add", "fork", GITLAB[0])
    assert addresses.known().repository == GITLAB[0]
    git(clone, "remote", "add", "origin", "git@github.com:someone/a-book.git")
    assert addresses.known().repository == GITHUB[0]


def test_the_repository_of_a_hook_is_not_asked(clone, tmp_path, monkeypatch):
    other = tmp_path / "other"
    other.mkdir()
    for folder in (clone, other):
        git(folder, "init")
    git(other, "remote", "add", "origin", "https://github.com/another/project")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    assert addresses.known() == addresses.Addresses()


def test_the_environment_goes_before_the_remote_and_has_to_make_sense(clone, monkeypatch):
    git(clone, "init")
    git(clone, "remote", "add", "origin", GITHUB[0])
    monkeypatch.setenv("BOOK_REMOTE", f"{GITLAB[0]}.git")
    assert (addresses.known().repository, addresses.known().site) == GITLAB
    monkeypatch.setenv("BOOK_SITE", "https://example.org")
    assert addresses.known().site == "https://example.org/"
    for name, bad in (("BOOK_SITE", "example.org/book"), ("BOOK_REMOTE", "someone/a-book")):
        with monkeypatch.context() as patch:
            patch.setenv(name, bad)
            with pytest.raises(ValueError, match=f"{name} must be .*, got '{bad}'"):
                addresses.known()
    monkeypatch.setenv("BOOK_REMOTE", "https://someone:s3cr3t@github.com/someone")
    with pytest.raises(ValueError, match=r"got 'https://github\.com/someone'"):
        addresses.known()


def test_without_git_the_reason_is_said(clone, monkeypatch, capsys):
    git(clone, "init")
    monkeypatch.setenv("PATH", os.devnull)
    assert checkout.source_state() == (None, False)
    assert "the pages name no commit. git says: " in capsys.readouterr().err
    assert addresses.known() == addresses.Addresses()
