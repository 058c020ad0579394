"""The embedded server lives as long as somebody uses it, and loses nothing, whoever is killed."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from core.db.account import Account
from tests.support.embedded import (
    IS_ROOT,
    Client,
    ClientError,
    folder_of,
    is_running,
    kill_server,
    nobody,
    server_pid,
    wait_until_stopped,
)


@pytest.fixture(scope="module", params=["as ourselves", "as another user"])
def account(request: pytest.FixtureRequest) -> Account | None:
    """Whom the clients run as; None: as whoever runs the tests."""
    if request.param == "as ourselves":
        return None
    if not IS_ROOT:
        pytest.skip("only root can become another user")
    return nobody()


@pytest.fixture(scope="module")
def room(account: Account | None) -> Iterator[Path]:
    """A folder for homes that the clients may write to, with a space in its name."""
    room = Path(tempfile.mkdtemp(prefix="a room ", dir=os.environ["TESTS_SCRATCH"]))
    room.chmod(0o755)
    if account:
        account.own(room)
    yield room
    shutil.rmtree(room)


@pytest.fixture
def home(room: Path) -> Iterator[Path]:
    """A home without a running server. The tests of a module use one after the other: making one takes a second."""
    home = room / "home"
    yield home
    if is_running(home):
        kill_server(home)
        wait_until_stopped(home)


def test_any_number_of_processes_may_start_it_at_once_and_the_last_one_stops_it(home: Path, account: Account | None):
    with ExitStack() as stack:
        clients = [stack.enter_context(Client(home, account)) for _ in range(5)]
        for client in clients:
            client.tell("ensure")
        assert len({client.hear() for client in clients}) == 1
        for client in clients[1:]:
            client.end()
        assert is_running(home)
    wait_until_stopped(home)


def test_a_program_killed_while_it_makes_the_data_folder_is_no_obstacle(room: Path, account: Account | None):
    home = room / "half made"
    with Client(home, account) as killed:
        killed.tell("ensure")
        while not (home / "postgres/data.new/base").exists():
            assert killed.process.poll() is None
            time.sleep(0.002)  # until it is in the middle of it
        killed.process.kill()  # its initdb is left alone, and goes on for a while
        killed.process.wait()
    assert not (home / "postgres/data").exists()
    with Client(home, account) as client:
        client.ask("ensure")
    wait_until_stopped(home)


def test_a_killed_program_leaves_the_server_to_the_next_one(home: Path, account: Account | None):
    with Client(home, account) as killed:
        killed.ask("ensure")
        pid = server_pid(home)
        killed.kill()
    assert is_running(home)
    with Client(home, account) as client:
        client.ask("ensure")
        assert server_pid(home) == pid
    wait_until_stopped(home)


def test_ctrl_c_for_the_program_that_started_it_spares_the_others(home: Path, account: Account | None):
    with Client(home, account) as starter, Client(home, account) as other:
        starter.ask("ensure")
        pid = server_pid(home)
        other.ask("ensure")
        starter.kill(signal.SIGINT)
        other.ask("ensure")
        assert server_pid(home) == pid


def test_no_committed_row_is_lost_when_the_server_is_killed(home: Path, account: Account | None):
    with Client(home, account) as writer:
        _write_until(writer, 200)
        kill_server(home)
        committed = _last_committed(writer, 200)
    with Client(home, account) as reader:
        found = reader.ask("numbers")
    assert found in ([*range(committed + 1)], [*range(committed + 2)])  # one commit may lack only its answer


def test_killing_only_the_first_process_of_the_server_is_survived(home: Path, account: Account | None):
    with Client(home, account) as writer:
        _write_until(writer, 50)
        os.kill(server_pid(home), signal.SIGKILL)
        with Client(home, account) as reader:
            found = reader.ask("numbers")
        committed = _last_committed(writer, 50)
    assert found in ([*range(committed + 1)], [*range(committed + 2)])


def test_a_pid_file_that_names_a_stranger_stops_nothing(home: Path, account: Account | None):
    with Client(home, account) as client:
        client.ask("ensure")
    wait_until_stopped(home)
    data = folder_of(home) / "data"
    left = f"{os.getpid()}\n{data}\n1700000000\n5432\n{data.parent / 'run'}\n\n"
    (data / "postmaster.pid").write_text(left)
    with Client(home, account) as client:
        client.ask("ensure")
        assert server_pid(home) != os.getpid()
    wait_until_stopped(home)


def _write_until(writer: Client, number: int) -> None:
    writer.tell("append")
    while writer.hear() < number:
        pass


def _last_committed(writer: Client, heard: int) -> int:
    """The last number that the writer was told is committed, before the server was gone."""
    try:
        while True:
            heard = writer.hear()
    except ClientError:
        return heard
