"""Downloads from a hub on the loopback interface, through huggingface_hub's own client."""

import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import msgspec
import pytest

from core.clients import model_files
from core.clients.model_catalogue import CATALOGUE
from core.clients.model_files import DownloadFailed, DownloadStopped, Workplace, download
from core.clients.model_folder import ModelFolder
from tests.support.hub import REPOSITORY, Adds, Breaks, Hub, IgnoresRange, Refuses, Waits, WrongPart

CONTENT = b"GGUF" + random.Random(1).randbytes(300_000)
ROOT = Path(__file__).parent.parent.parent


PROGRAM = """
import sys, threading
from pathlib import Path
import msgspec
from core.clients.model_files import download
from core.clients.model_folder import ModelFolder
from core.domain.local_model import CatalogueModel

class Told:
    def at(self, done_bytes):
        print(done_bytes, flush=True)
    def receiving(self):
        print("receiving", flush=True)
    def broke(self):
        pass

model = msgspec.json.decode(sys.argv[1], type=CatalogueModel)
download(model, ModelFolder(Path(sys.argv[2])), Told(), threading.Event())
"""


class Told:
    """What a download reported."""

    def __init__(self):
        self.done_bytes = []
        self.breaks = 0

    def at(self, done_bytes):
        self.done_bytes.append(done_bytes)

    def receiving(self):
        self.received_from = self.done_bytes[-1] if self.done_bytes else 0

    def broke(self):
        self.breaks += 1


@pytest.fixture
def hub(monkeypatch):
    monkeypatch.setattr(model_files, "PAUSE_S", 0.0)
    with Hub() as hub:
        yield hub


@pytest.fixture
def folder(tmp_path):
    return ModelFolder(tmp_path / "my models")


@pytest.fixture
def told():
    return Told()


def _get(hub, folder, told, model, stop=None):
    return download(model, folder, told, stop or threading.Event(), hub.url)


def _command(model, folder):
    """The download in a process of its own, from the hub that HF_ENDPOINT names."""
    return [sys.executable, "-c", PROGRAM, msgspec.json.encode(model).decode(), str(folder.path)]


def test_a_whole_file(hub, folder, told):
    model = hub.model(CONTENT)
    path = _get(hub, folder, told, model)
    assert path == folder.path / "tiny.gguf"
    assert path.read_bytes() == CONTENT
    assert told.done_bytes == sorted(told.done_bytes)
    assert told.done_bytes[-1] == len(CONTENT)
    assert told.breaks == 0
    assert folder.names() == ("tiny.gguf",)
    assert [asked.method for asked in hub.asked] == ["HEAD", "GET", "GET"]


def test_it_goes_on_where_the_connection_broke(hub, folder, told):
    model = hub.model(CONTENT)
    hub.plan(Breaks(100_000), Breaks(50_000))
    assert _get(hub, folder, told, model).read_bytes() == CONTENT
    assert [asked.headers.get("range") for asked in hub.contents] == [None, "bytes=100000-", "bytes=150000-"]
    assert told.breaks == 2


def test_a_connection_that_brings_nothing_again_and_again_is_given_up(hub, folder, told):
    model = hub.model(CONTENT)
    hub.plan(Breaks(1_000), *[Breaks(0)] * model_files.TRIES)
    with pytest.raises(DownloadFailed, match="broke 4 times without bringing anything"):
        _get(hub, folder, told, model)
    assert Workplace(folder, model).kept_bytes() == 1_000
    assert _get(hub, folder, told, model).read_bytes() == CONTENT
    assert hub.contents[-1].headers["range"] == "bytes=1000-"


def test_stopping_keeps_what_came(hub, folder, told):
    model, stop = hub.model(CONTENT), threading.Event()
    hub.plan(Waits(100_000, stop))
    told.at = lambda done_bytes: stop.set() if done_bytes == 100_000 else None
    with pytest.raises(DownloadStopped):
        _get(hub, folder, told, model, stop)
    kept = Workplace(folder, model).kept_bytes()
    assert kept >= 100_000
    assert folder.names() == ()
    assert _get(hub, folder, Told(), model).read_bytes() == CONTENT
    assert hub.contents[-1].headers["range"] == f"bytes={kept}-"


def test_stopping_while_it_waits_for_the_next_try(hub, folder, told, monkeypatch):
    monkeypatch.setattr(model_files, "PAUSE_S", 60.0)
    model, stop = hub.model(CONTENT), threading.Event()
    hub.plan(Breaks(10))
    told.broke = stop.set
    with pytest.raises(DownloadStopped):
        _get(hub, folder, told, model, stop)


def test_a_killed_download_goes_on_where_it_was(hub, folder):
    model, never = hub.model(CONTENT), threading.Event()
    waits = Waits(200_000, never)
    hub.plan(waits)
    environment = os.environ | {"HF_ENDPOINT": hub.url}
    with subprocess.Popen(
        _command(model, folder), cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout.readline() == "receiving\n"
        while int(child.stdout.readline()) < 200_000:
            pass
        child.send_signal(signal.SIGKILL)
    kept = Workplace(folder, model).kept_bytes()
    assert 0 < kept <= 200_000
    never.set()
    told = Told()
    assert _get(hub, folder, told, model).read_bytes() == CONTENT
    assert hub.contents[-1].headers["range"] == f"bytes={kept}-"
    assert told.received_from == kept


def test_a_server_that_ignores_where_to_begin(hub, folder, told):
    model = hub.model(CONTENT)
    hub.plan(Breaks(100_000), IgnoresRange())
    assert _get(hub, folder, told, model).read_bytes() == CONTENT
    assert hub.contents[-1].headers["range"] == "bytes=100000-"


def test_a_server_that_sends_another_part(hub, folder, told):
    model = hub.model(CONTENT)
    hub.plan(Breaks(100_000), WrongPart())
    with pytest.raises(DownloadFailed, match="another part of the file"):
        _get(hub, folder, told, model)
    assert Workplace(folder, model).kept_bytes() == 100_000


def test_a_wrong_file_is_named_and_put_aside(hub, folder, told):
    model = hub.model(CONTENT)
    name = f"{REPOSITORY}/tiny.gguf"
    hub.files[name] = CONTENT[:-1] + b"!"
    hub.told_sha256[name] = model.sha256
    with pytest.raises(DownloadFailed, match=r"What came is not tiny\.gguf: its SHA-256 begins with") as caught:
        _get(hub, folder, told, model)
    place = Workplace(folder, model)
    assert str(place.wrong) in str(caught.value)
    assert model.sha256[:16] in str(caught.value)
    assert place.wrong.read_bytes() == hub.files[name]
    assert folder.names() == ()
    hub.files[name] = CONTENT
    assert _get(hub, folder, told, model).read_bytes() == CONTENT
    assert not place.wrong.exists()


def test_more_than_the_file_has_is_wrong_too(hub, folder, told):
    model = hub.model(CONTENT)
    hub.plan(Adds(b"x" * 100_000))
    with pytest.raises(DownloadFailed, match="SHA-256"):
        _get(hub, folder, told, model)
    assert folder.names() == ()


@pytest.mark.parametrize("change", [{"sha256": "0" * 64}, {"size_bytes": 7}])
def test_another_file_under_the_name_is_not_even_fetched(hub, folder, told, change):
    model = hub.model(CONTENT, **change)
    with pytest.raises(DownloadFailed, match=r"has another file named tiny\.gguf.*Nothing was downloaded"):
        _get(hub, folder, told, model)
    assert hub.contents == []


@pytest.mark.parametrize(
    ("change", "status"),
    [({"file": "gone.gguf"}, 404), ({"revision": "f" * 40}, 404), ({"repository": "tests/gone"}, 401)],
)
def test_what_the_hub_does_not_have(hub, folder, told, change, status):
    model = msgspec.structs.replace(hub.model(CONTENT), **change)
    with pytest.raises(DownloadFailed, match=rf"does not have {model.file} in .* any more \(HTTP {status}\)"):
        _get(hub, folder, told, model)


@pytest.mark.parametrize("status", [403, 416, 429, 500, 503])
def test_a_refusal_is_said_and_not_repeated(hub, folder, told, status):
    model = hub.model(CONTENT)
    hub.plan(Refuses(status))
    with pytest.raises(DownloadFailed, match=rf"refused the download with HTTP {status}"):
        _get(hub, folder, told, model)
    assert len(hub.contents) == 1


def test_a_server_that_is_no_hub(hub, folder, told):
    hub.is_hub = False
    with pytest.raises(DownloadFailed, match=r"is no Hugging Face hub\. Check HF_ENDPOINT"):
        _get(hub, folder, told, hub.model(CONTENT))


def test_without_a_network(hub, folder, told):
    model = hub.model(CONTENT)
    with pytest.raises(DownloadFailed, match=r"127\.0\.0\.1:1 cannot be reached.*into the models folder yourself"):
        download(model, folder, told, threading.Event(), "http://127.0.0.1:1")


def test_offline_by_choice(hub, folder, told, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(DownloadFailed, match="HF_HUB_OFFLINE is set"):
        _get(hub, folder, told, hub.model(CONTENT))
    assert hub.asked == []


def test_a_full_disk_is_noticed_before_the_start(hub, folder, told, monkeypatch):
    monkeypatch.setattr(model_files, "KEPT_FREE_BYTES", 10**18)
    with pytest.raises(DownloadFailed, match=r"not enough room: .* GB are needed and .* GB are free"):
        _get(hub, folder, told, hub.model(CONTENT))
    assert hub.contents == []


def test_a_folder_that_cannot_be_written(hub, tmp_path, told):
    (tmp_path / "file").write_text("")
    with pytest.raises(DownloadFailed, match="cannot be written to"):
        _get(hub, ModelFolder(tmp_path / "file" / "models"), told, hub.model(CONTENT))


def test_one_download_of_a_file_at_a_time(hub, folder, told):
    model, go = hub.model(CONTENT), threading.Event()
    waits = Waits(10, go)
    hub.plan(waits)
    first = threading.Thread(target=_get, args=(hub, folder, told, model))
    first.start()
    assert waits.reached.wait(30)
    with pytest.raises(DownloadFailed, match="Another process on this machine is downloading Tiny"):
        _get(hub, folder, Told(), model)
    go.set()
    first.join(30)
    assert folder.names() == ("tiny.gguf",)


def test_no_credential_and_no_inventory_is_sent_and_nothing_else_is_asked(hub, folder, tmp_path):
    """In a process of its own: the library reads its settings when it is imported."""
    model = hub.model(CONTENT)
    (tmp_path / "token").write_text("hf_saved")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "HF_ENDPOINT": hub.url,
        "HF_TOKEN": "hf_secret",
        "HF_TOKEN_PATH": str(tmp_path / "token"),
    }
    subprocess.run(
        _command(model, folder), cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, check=True, timeout=60
    )
    assert [(asked.method, asked.path.split("/")[1]) for asked in hub.asked] == [
        ("HEAD", "tests"),
        ("GET", "tests"),
        ("GET", "storage"),
    ]
    assert all("authorization" not in asked.headers for asked in hub.asked)
    assert {asked.headers["user-agent"] for asked in hub.asked} == {"aryabhatta"}


def test_clearing_removes_what_came_and_what_was_put_aside(hub, folder, told):
    model = hub.model(CONTENT)
    hub.plan(Breaks(1_000), *[Breaks(0)] * model_files.TRIES)
    with pytest.raises(DownloadFailed):
        _get(hub, folder, told, model)
    place = Workplace(folder, model)
    place.wrong.touch()
    place.clear()
    assert place.kept_bytes() == 0
    assert list(place.part.parent.iterdir()) == []


def test_the_catalogue_is_pinned():
    assert CATALOGUE[0].title == "Qwen3 1.7B"
    for model in CATALOGUE:
        assert len(bytes.fromhex(model.sha256)) == 32
        assert len(bytes.fromhex(model.revision)) == 20
        assert model.file.endswith(".gguf")
        assert model.size_bytes < model.memory_bytes
    assert len({model.file for model in CATALOGUE}) == len(CATALOGUE)
