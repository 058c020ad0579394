"""A key that a server says back is nowhere to be found: not in the database, not in a file, not on the screen."""

import io
import json
import sys
from base64 import b64encode
from urllib.parse import quote

import pytest
from sqlalchemy import text as sql

from core.domain.secrecy import spellings
from core.logs import FILE_NAME, FOLDER
from tests.support.scripted import ScriptedServer, calls, chunk, status, stream

KEY = "sk-canary/7Q+x9Zp2=Lw4_Rt8"
BEARER = f"Bearer {KEY}"
ENCODED = b64encode(BEARER.encode()).decode()
THOUGHT = [chunk({"reasoning": piece}) for piece in ("I was sent ", *KEY)]
SAID = [
    chunk({"content": piece}) for piece in (f"You sent {BEARER[:12]}", f"{BEARER[12:]}, or {ENCODED[:9]}", ENCODED[9:])
]
CALL = calls((f"tell-{KEY}", KEY), ("calculator", json.dumps({"expression": KEY})), words=(KEY,))
END = chunk({}, f"stop {quote(KEY, safe='')}", model=KEY, provider=KEY)


def echoed(answer):
    return answer.with_header("x-request-id", KEY).with_header("x-inference-provider", KEY)


@pytest.fixture
def asked(cli, monkeypatch):
    """Run answers through an endpoint that has the key; all that was printed."""
    monkeypatch.setenv("ARYABHATTA_LOG_LEVEL", "debug")
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{KEY}\n"))
    assert cli("secret", "set", "CANARY").code == 0

    def run(*answers, as_json=True):
        with ScriptedServer(*answers) as server:
            added = cli(
                "endpoint", "add", f"e{server.port}", "--base-url", server.base_url, "--api-key-secret", "CANARY"
            )
            assert added.code == 0
            chosen = ("--endpoint", f"e{server.port}", "--model", "m", "--tool", "calculator")
            ended = cli("run", "-", "What is 1+1?", *chosen, *(["--json"] if as_json else []))
            listed = cli("doctor")
        assert all(request.headers["authorization"] == BEARER for request in server.requests)
        return ended, listed.out + listed.err

    return run


@pytest.mark.parametrize("as_json", [True, False], ids=["json", "words"])
@pytest.mark.parametrize(
    "answers",
    [
        (echoed(stream(*THOUGHT, *SAID, END, "[DONE]")),),
        (echoed(CALL), echoed(stream(*SAID, END, "[DONE]"))),
        (echoed(status(401, {"error": {"message": f"Wrong key: {KEY}", "headers": BEARER}})),),
        (echoed(stream(*SAID, {"error": {"message": BEARER}})),),
        (echoed(stream(*SAID[:2])),),
        (status(307, None, {"location": f"/?key={KEY}"}),),
    ],
    ids=["text", "calls", "refused", "error", "cut", "redirect"],
)
def test_the_key_stays_where_it_belongs(asked, cli, engine, settings, tmp_path, answers, as_json):
    ended, listed = asked(*answers, as_json=as_json)
    run_id = _newest(engine)
    bundle = tmp_path / "bundle.json"
    said = [ended.out, ended.err, listed, _everything_kept(engine)]
    for command in (
        ("runs", "show", run_id),
        ("runs", "show", run_id, "--json"),
        ("runs", "list"),
        ("runs", "export", run_id, str(bundle)),
        *(("runs", "request", run_id, "--step", str(step)) for step in range(1, len(answers) + 1)),
    ):
        shown = cli(*command)
        assert shown.code == 0, shown.err
        said.append(shown.out + shown.err)
    said.append(bundle.read_text())
    said.append((settings.home / FOLDER / FILE_NAME).read_text())
    found = [form for form in spellings(KEY) for one in said if form in one]
    assert found == []
    assert "[key]" in "".join(said)
    assert cli("audit", "verify", run_id).code == 0
    assert cli("runs", "replay", run_id, "--assert-identical").code == 0


def test_the_person_is_told_that_something_was_replaced(asked):
    ended, _ = asked(stream(*SAID, END, "[DONE]"))
    (decision,) = [line["body"] for line in ended.lines if line.get("kind") == "decision"]
    assert any("[key] stands in its place" in note for note in decision["notes"])
    assert "[key] stands in its place" in ended.err

    ended, _ = asked(status(401, {"error": KEY}))
    (finished,) = [line["body"] for line in ended.lines if line.get("kind") == "finished"]
    assert any("[key] stands in its place" in note for note in finished["notes"])
    assert "[key] stands in its place" in ended.err


def _newest(engine):
    with engine.connect() as connection:
        return str(connection.scalar(sql("SELECT id FROM runs ORDER BY id DESC LIMIT 1")))


def _everything_kept(engine):
    """Every row of every table as text; bytes are hexadecimal there."""
    with engine.connect() as connection:
        tables = connection.scalars(sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
        rows = [connection.scalars(sql(f'SELECT kept::text FROM "{table}" AS kept')).all() for table in tables]
    assert any("decision" in row or "finished" in row for one in rows for row in one)
    return "\n".join(row for one in rows for row in one)
