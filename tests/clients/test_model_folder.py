"""The folder with model files, and notes that point at files elsewhere."""

import pytest

from core.clients.model_folder import ModelFolder
from core.errors import FaultError
from tests.support.gguf import header


@pytest.fixture
def folder(tmp_path):
    return ModelFolder(tmp_path / "models")


def _file(path, content=b"GGUF"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_files_are_found_by_name(folder):
    for name in (
        "b.gguf",
        "sub/a.gguf",
        "big-00001-of-00002.gguf",
        "big-00002-of-00002.gguf",
        "state-of-art.gguf",
        "mmproj-x.gguf",
        "half.gguf.061b54da.part",
        "c.txt",
    ):
        _file(folder.path / name)
    assert folder.names() == ("b.gguf", "big-00001-of-00002.gguf", "state-of-art.gguf", "sub/a.gguf")


def test_a_folder_that_is_not_there_has_no_files(folder):
    assert folder.names() == ()
    assert folder.elsewhere() == {}
    assert folder.free_bytes() > 0


def test_a_file_elsewhere_is_served_where_it_is(folder, tmp_path):
    there = _file(tmp_path / "disk two" / "mine.gguf")
    assert folder.add(there) == "mine.gguf"
    assert folder.names() == ("mine.gguf",)
    assert folder.file("mine.gguf") == folder.file("") == there
    assert folder.size_bytes("mine.gguf") == 4


def test_a_file_elsewhere_is_only_forgotten(folder, tmp_path):
    there = _file(tmp_path / "mine.gguf")
    folder.add(there)
    folder.remove("mine.gguf")
    assert folder.names() == ()
    assert there.is_file()


def test_a_file_elsewhere_that_went_is_not_served_and_can_be_forgotten(folder, tmp_path):
    there = _file(tmp_path / "mine.gguf")
    folder.add(there)
    there.unlink()
    assert folder.names() == ()
    assert folder.elsewhere() == {"mine.gguf": there}
    folder.remove("mine.gguf")
    assert folder.elsewhere() == {}


def test_a_file_without_the_ending_gets_a_name_with_it(folder, tmp_path):
    """Ollama keeps its models as `sha256-…`."""
    assert folder.add(_file(tmp_path / "sha256-abc")) == "sha256-abc.gguf"
    assert folder.file("sha256-abc.gguf") == tmp_path / "sha256-abc"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [("mine.gguf", b"<html>", "no GGUF file"), ("mine.gguf", None, "cannot be read"), ("", None, "cannot be read")],
)
def test_what_is_no_model_is_not_added(folder, tmp_path, name, content, said):
    there = tmp_path / name
    if content is not None:
        _file(there, content)
    with pytest.raises(FaultError, match=said):
        folder.add(there)
    assert folder.elsewhere() == {}


def test_a_name_stands_for_one_file(folder, tmp_path):
    _file(folder.path / "mine.gguf")
    with pytest.raises(FaultError, match="already"):
        folder.add(_file(tmp_path / "mine.gguf"))


def test_a_path_has_to_be_whole(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _file(tmp_path / "mine.gguf")
    with pytest.raises(FaultError, match="whole path"):
        folder.add(type(tmp_path)("mine.gguf"))


def test_all_parts_go_together(folder):
    for name in ("big-00001-of-00002.gguf", "big-00002-of-00002.gguf", "big-00001-of-00003.gguf", "other.gguf"):
        _file(folder.path / name)
    assert folder.size_bytes("big-00001-of-00002.gguf") == 8
    folder.remove("big-00001-of-00002.gguf")
    assert sorted(path.name for path in folder.path.iterdir()) == ["big-00001-of-00003.gguf", "other.gguf"]


@pytest.mark.parametrize("name", ["missing.gguf", "../outside.gguf", "", "/etc/passwd"])
def test_only_models_can_be_removed(folder, tmp_path, name):
    outside = _file(tmp_path / "outside.gguf")
    _file(folder.path / "a.gguf")
    with pytest.raises(FaultError, match="no local model"):
        folder.remove(name)
    assert outside.is_file()
    assert folder.names() == ("a.gguf",)


def test_a_header_is_read_again_when_the_file_changed(folder):
    file = _file(folder.path / "m.gguf", header({"general.name": "one"}))
    assert folder.header("m.gguf") is folder.header("m.gguf")
    file.write_bytes(header({"general.name": "another"}))
    assert folder.header("m.gguf").name == "another"
