"""Files that are whole or not there."""

import pytest

from lorenz_utils import files
from lorenz_utils.files import home, write_whole


@pytest.mark.parametrize("content", ["λ, à lire\n", b"\x00\xff\r\n"])
def test_what_is_written_comes_back_and_all_may_read_it(content, tmp_path):
    path = tmp_path / "weights"
    write_whole(path, content)
    assert path.read_bytes() == (content.encode() if isinstance(content, str) else content)
    assert path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("step", ["open", "replace"])
def test_a_full_disk_leaves_the_old_file(step, tmp_path, monkeypatch):
    path = tmp_path / "weights"
    path.write_text("old")

    class Full:
        def __init__(self, *_):
            raise OSError(28, "No space left on device")

    if step == "open":
        monkeypatch.setattr(files, "open", Full, raising=False)
    else:
        monkeypatch.setattr(files.os, "replace", Full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_home_is_what_the_setting_names_or_the_nearest_book_or_here(tmp_path, monkeypatch):
    inside = tmp_path / "clone" / "book" / "appendix"
    inside.mkdir(parents=True)
    (tmp_path / "clone" / "book" / "claims.yml").touch()
    monkeypatch.delenv("LORENZ_HOME", raising=False)
    for folder in (inside, tmp_path / "clone"):
        monkeypatch.chdir(folder)
        assert home() == tmp_path / "clone"
    monkeypatch.chdir(tmp_path)
    assert home() == tmp_path
    monkeypatch.setenv("LORENZ_HOME", "elsewhere")
    assert home() == tmp_path / "elsewhere"
    monkeypatch.setenv("LORENZ_HOME", str(inside))
    assert home() == inside
