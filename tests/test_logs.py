"""The log: JSON lines with run ids, one file for all processes of a home, no secret in it."""

import asyncio
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from core import logs
from core.domain.secrecy import spellings
from core.logs import FILE_NAME, FOLDER, RUN, LogLine
from core.services.log_book import LogBook, LogFilter
from core.services.secrets import SecretService
from tests.support.scripted import ScriptedServer, status, text
from tests.support.workspace import rested, started, workspace

ROOT = Path(__file__).parents[1]
SECRET = 'sk-canary/7Q+x9Zp2="quoted"'
log = logging.getLogger("core.test")


@pytest.fixture
def home(tmp_path) -> Iterator[Path]:
    logs.configure("debug", aloud="error", home=tmp_path)
    yield tmp_path
    logs.configure()


def fail(why: str, said: str) -> None:
    try:
        _raise(why)
    except ValueError:
        log.exception(said)


def _raise(why: str) -> None:
    raise ValueError(why)


def read(home: Path) -> list[LogLine]:
    return [msgspec.json.decode(line, type=LogLine) for line in (home / FOLDER / FILE_NAME).read_bytes().splitlines()]


def told(home: Path, **wanted) -> list[str]:
    return [line.message for line in LogBook(home).tail(LogFilter(**wanted)).lines]


def test_a_line_is_json_with_its_run(home):
    async def work():
        RUN.set("run-1")
        await asyncio.to_thread(log.info, "in a thread, over\ntwo lines")
        await asyncio.create_task(said())

    async def said():
        log.error("in a task")

    asyncio.run(work())
    log.debug("outside")
    assert [(line.message, line.run, line.level) for line in read(home)] == [
        ("in a thread, over\ntwo lines", "run-1", "info"),
        ("in a task", "run-1", "error"),
        ("outside", "", "debug"),
    ]
    assert (home / FOLDER).stat().st_mode & 0o077 == 0


def test_where_an_exception_came_from_is_in_its_line(home):
    fail("no good", "it failed")
    (line,) = read(home)
    assert (line.message, "ValueError: no good" in line.error) == ("it failed", True)


@pytest.mark.parametrize("form", sorted(spellings(SECRET)))
def test_a_secret_is_in_no_line_however_it_is_written(home, engine, settings, form, capsys):
    SecretService(engine, settings).set("KEY", SECRET, "ada")
    fail(f"sent {form}", f"sent {form}")
    written = (home / FOLDER / FILE_NAME).read_text() + capsys.readouterr().err
    assert "[secret]" in written
    assert not [one for one in spellings(SECRET) if one in written]


def test_processes_share_a_file_and_lose_no_line(tmp_path):
    """Each file is closed after a hundred lines or so, by whichever of the four comes to it."""
    names, count = ("a", "b", "c", "d"), 400
    command = [sys.executable, "-m", "tests.support.log_writer", str(tmp_path)]
    writers = [subprocess.Popen([*command, name, str(count), "20000"], cwd=ROOT) for name in names]
    assert [writer.wait(60) for writer in writers] == [0] * len(names)
    files = list((tmp_path / FOLDER).glob(f"{FILE_NAME}*"))
    lines = [msgspec.json.decode(line, type=LogLine) for file in files for line in file.read_bytes().splitlines()]
    assert len(files) > 10
    assert max(file.stat().st_size for file in files) <= 20_000
    assert sorted((line.process, int(line.message.split()[1])) for line in lines) == [
        (name, number) for name in names for number in range(count)
    ]


def test_a_log_that_cannot_be_written_stops_nobody(tmp_path, capsys):
    (tmp_path / FOLDER).write_text("a file where the folder would be")
    logs.configure("info", aloud="error", home=tmp_path)
    log.info("still here")
    logs.configure()
    assert "FileExistsError" in capsys.readouterr().err


def test_the_tail_is_filtered_by_level_text_and_run(home):
    for number in range(3):
        RUN.set(f"run-{number}")
        log.info('number %d "quoted"', number)
    RUN.set("")
    log.debug("a detail of run-2")
    log.warning("a Warning")
    log.error("an error")
    with (home / FOLDER / FILE_NAME).open("a") as file:
        file.write("not ours\n{}\n")
    assert told(home) == ["an error", "a Warning", 'number 2 "quoted"', 'number 1 "quoted"', 'number 0 "quoted"']
    assert told(home, level="error") == ["an error"]
    assert told(home, level="debug", run="run-2") == ["a detail of run-2", 'number 2 "quoted"']
    assert told(home, search="WARN") == ["a Warning"]
    assert told(home, search='1 "q') == ['number 1 "quoted"']
    assert told(home, search="nowhere") == []


def test_only_the_end_is_read_and_older_files_after_it(home, monkeypatch):
    book = LogBook(home)
    for number in range(500):
        log.info("line %d %s", number, "ä" * 200)
    book.path.rename(book.path.with_name(f"{FILE_NAME}.1"))
    log.info("the newest")
    lines = book.tail(LogFilter(), limit=3)
    assert [line.message[:10] for line in lines.lines] == ["the newest", "line 499 ä", "line 498 ä"]
    assert lines.is_all is False
    assert len(book.tail(LogFilter(search="line "), limit=1_000).lines) == 500
    monkeypatch.setattr("core.services.log_book.READ_BYTES", 10_000)
    near = book.tail(LogFilter(), limit=1_000)
    assert (near.is_all, 10 < len(near.lines) < 30) == (False, True)


def test_a_home_without_a_log_has_no_lines(tmp_path):
    tail = LogBook(tmp_path).tail(LogFilter())
    assert (tail.lines, tail.is_all, LogBook(tmp_path).size_bytes()) == ((), True, 0)


def test_a_run_is_found_by_its_id_and_its_key_is_not(settings, home):
    key = "sk-canary-0123456789"
    with ScriptedServer(text("Hello."), status(401, {"error": {"message": f"wrong key {key}"}})) as server:
        with workspace(settings, server, adopt=True) as app:
            app.secrets.set("KEY", key, "ada")
            app.endpoints.update("scripted", "ada", secret="KEY")
            run = rested(app, started(app).id).run
            rested(app, started(app).id)
    lines = LogBook(home).tail(LogFilter(run=str(run.id), level="info")).lines
    assert [line.message for line in lines] == [f"run {run.id} is done (steps 1, entries 5)"]
    assert {line.run for line in lines} == {str(run.id)}
    assert key not in (home / FOLDER / FILE_NAME).read_text()
