"""The recipes of docs/self-hosting.md name files, commands, settings and addresses that there are."""

import fnmatch
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest
import yaml

from core.cli.main import COMMANDS, cli
from core.web.ways import need
from tests.support import recipes
from tests.support.recipes import GUIDE, ROOT

LONGEST_S = 90
COMPOSE = {name: yaml.safe_load((ROOT / name).read_text()) for name in ("compose.yaml", "compose.workers.yaml")}


def test_every_command_that_is_told_exists_with_its_options():
    said = re.findall(r"python -m core ([a-z]+)((?: [a-z]+)?)([^\n`#]*)", GUIDE)
    assert {"backup", "restore", "doctor", "worker", "audit"} <= {name for name, _, _ in said}
    for name, sub, rest in said:
        assert name in COMMANDS, name
        command = cli.get_command(click.Context(cli), name)
        if isinstance(command, click.Group) and sub.strip():
            command = command.commands[sub.strip()]
        known = {option for parameter in command.params for option in parameter.opts}
        assert set(re.findall(r"--[a-z-]+", rest)) <= known, (name, rest)


def test_every_setting_that_is_told_exists():
    known = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    theirs = {"FORWARDED_ALLOW_IPS", "POSTGRES_PASSWORD", "NAME", "PYTHONUNBUFFERED"}
    told = set(re.findall(r"\b(ARYABHATTA_[A-Z_]+|DB_[A-Z_]+|HUGGING_[A-Z_]+)\b", GUIDE)) | {
        name
        for compose in COMPOSE.values()
        for service in compose["services"].values()
        for name in service.get("environment", {})
        if not name.startswith("POSTGRES_")
    }
    streamlit = {name for name in recipes.environment() if name.startswith("STREAMLIT_SERVER_")}
    assert told | set(recipes.environment()) <= known | theirs | streamlit


def test_every_file_that_is_told_exists():
    for link in re.findall(r"\]\(([^)#]+)", GUIDE):
        assert (ROOT / "docs" / link).exists(), link
    for name in re.findall(r"-f (\S+\.yaml)", GUIDE):
        assert (ROOT / name).exists(), name


def test_the_image_is_not_root_and_keeps_what_it_has_in_a_volume():
    words = [word for word, _ in recipes.instructions()]
    assert recipes.told("USER") == ["aryabhatta"]
    assert words.index("USER") < words.index("CMD")
    assert recipes.told("VOLUME") == [recipes.environment()["ARYABHATTA_HOME"]]
    assert re.fullmatch(r"python:3\.1[1-9]-slim-\w+", recipes.told("FROM")[0])
    path = re.search(r"'(/\w+)'", recipes.health_command()[-1])
    assert path is not None
    assert need(path[1], "GET") == "none"


def test_what_the_image_copies_is_not_ignored():
    rules = [line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"]
    for line in recipes.told("COPY"):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert any(fnmatch.fnmatch(source, rule) for rule in rules), source


def test_the_compose_files_fit_the_image_and_each_other():
    services = {**COMPOSE["compose.workers.yaml"]["services"], **COMPOSE["compose.yaml"]["services"]}
    volumes = {name for compose in COMPOSE.values() for name in compose["volumes"]}
    for name, service in services.items():
        for volume in service.get("volumes", []):
            source, target = volume.split(":")[:2]
            assert source in volumes
            assert name == "database" or target == recipes.environment()["ARYABHATTA_HOME"]
        assert set(service.get("depends_on", {})) <= set(services)
    app, worker = services["app"], services["worker"]
    assert app["ports"] == [f"127.0.0.1:8501:{recipes.environment()['STREAMLIT_SERVER_PORT']}"]
    assert app["init"] is worker["init"] is True
    assert worker["image"] == app["image"]
    assert worker["command"][:3] == ["python", "-m", "core"]
    assert worker["command"][3] in COMMANDS


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_takes_the_service_file(tmp_path):
    (unit,) = recipes.blocks("ini")
    assert "streamlit run app.py" in unit
    # Links, since a path with a space would have to be quoted in a unit; what stands in the guide has none.
    python, root = tmp_path / "python", tmp_path / "app"
    python.symlink_to(sys.executable)
    root.symlink_to(ROOT)
    here = unit.replace("/opt/aryabhatta/.venv/bin/python", str(python)).replace("/opt/aryabhatta", str(root))
    (tmp_path / "aryabhatta.service").write_text(here)
    ended = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", tmp_path / "aryabhatta.service"], capture_output=True, text=True
    )
    complaints = [line for line in ended.stderr.splitlines() if "aryabhatta" in line and "User" not in line]
    assert (ended.returncode, complaints) == (0, [])


def test_what_the_image_has_is_enough_to_serve(tmp_path, database_url):
    """The files that it copies, its command and its health check, without the rest of this repository."""
    folder = tmp_path / "app"
    folder.mkdir()
    recipes.copied_to(folder)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    ours = {
        "ARYABHATTA_HOME": str(tmp_path / "data"),
        "STREAMLIT_SERVER_PORT": port,
        "DB_CONNECTION_STRING": database_url,
    }
    environment = {**os.environ, **recipes.environment(), **ours, "ARYABHATTA_PASSWORD": "a good one"}
    log = (tmp_path / "log").open("wb")
    app = subprocess.Popen(_here(recipes.command()), cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        assert _healthy(environment, folder, app), (tmp_path / "log").read_text()
    finally:
        app.send_signal(signal.SIGTERM)
        app.wait(30)
        log.close()
    assert subprocess.run(_here(recipes.health_command()), env=environment, capture_output=True).returncode != 0


def _here(command: list[str]) -> list[str]:
    return [sys.executable if part == "python" else part for part in command]


def _healthy(environment: dict[str, str], folder: Path, app: subprocess.Popen[bytes]) -> bool:
    until = time.monotonic() + LONGEST_S
    while time.monotonic() < until and app.poll() is None:
        if (
            subprocess.run(_here(recipes.health_command()), cwd=folder, env=environment, capture_output=True).returncode
            == 0
        ):
            return True
    return False
