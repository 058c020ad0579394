"""The fixtures that all tests stand on."""

import socket
import urllib.request
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from core.settings import Settings
from tests.support.network import NetworkReachedError


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_has_a_database_of_its_own(engine: Engine, turn: int):
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO workers (name, key, pid) VALUES ('w', 1, 1)"))
        assert connection.scalar(text("SELECT count(*) FROM workers")) == 1


def test_settings_name_a_fresh_home_and_the_database(settings: Settings, database_url: str, tmp_path: Path):
    assert settings.database_url == database_url
    assert settings.home.is_relative_to(tmp_path)


@pytest.mark.parametrize("address", ["192.0.2.1", "::ffff:192.0.2.1", "2001:db8::1"])
def test_no_test_connects_to_another_machine(address: str):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as sock, pytest.raises(NetworkReachedError, match=address):
        sock.connect((address, 80))


def test_no_test_looks_up_another_machine():
    with pytest.raises(NetworkReachedError, match=r"example\.com"):
        urllib.request.urlopen("http://example.com/", timeout=1)


def test_this_machine_may_be_reached():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(("localhost", server.getsockname()[1])).close()
