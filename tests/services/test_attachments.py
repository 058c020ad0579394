"""Files beside messages over real HTTP: what is sent, what is kept, and that it comes back byte for byte."""

import base64
import hashlib

import msgspec
import pytest
from sqlalchemy import text as sql

from core.domain.attachment import MOST_FILES, Upload
from core.domain.result import Err, Ok
from core.engine.invariants import faults
from core.services.conversation_files import as_json, as_markdown
from tests.support.files import BLIND, SEES, image, listing, pdf
from tests.support.scripted import MODEL, ScriptedServer, calls, text
from tests.support.workspace import rested, started, workspace

PHOTO = Upload("photo.png", image())
TABLE = Upload("sales.csv", b"city,sum\nOslo,12\n")
PAPER = Upload("offer.pdf", pdf("Total 1250 euros"))
AS_URL = f"data:image/png;base64,{base64.b64encode(PHOTO.content).decode()}"
SEVEN = ("calculator", '{"expression": "3+4"}')


def proven(app, run_id):
    """Every request of a run is rebuilt to the byte, and its replay is identical."""
    view = app.runs.view(run_id)
    sent = [app.runs.sent(run_id, step.number).value for step in view.state.steps if step.model.attempts]
    return all(one.verified for one in sent) and app.proofs.replay(run_id).value.identical and not faults(view.events)


def stored(engine):
    with engine.connect() as connection:
        return connection.execute(sql("SELECT count(*), sum(octet_length(content)) FROM attachments")).one()


def test_an_image_goes_out_as_it_is_and_comes_back_to_the_byte(settings, engine):
    with ScriptedServer(calls(SEVEN), text("blue"), listing=SEES) as server, workspace(settings, server) as app:
        run = rested(app, started(app, "What colour?", ("calculator",), files=(PHOTO,)).id).run
        assert proven(app, run.id)
        journal = b"".join(msgspec.json.encode(event.fact) for event in app.runs.events(run.id))
        notes = app.runs.view(run.id).state.spec.notes
    for request in server.requests:
        assert request.json["messages"][0] == {
            "role": "user",
            "content": [
                {"type": "text", "text": "What colour?"},
                {"type": "image_url", "image_url": {"url": AS_URL}},
            ],
        }
    assert base64.b64encode(PHOTO.content) not in journal
    assert hashlib.sha256(PHOTO.content).hexdigest().encode() in journal
    assert notes == ()
    assert stored(engine) == (1, len(PHOTO.content))


def test_texts_stand_before_the_question_in_one_plain_text(settings):
    with ScriptedServer(text("12")) as server, workspace(settings, server) as app:
        run = rested(app, started(app, "Sum?", files=(TABLE, PAPER)).id).run
        assert proven(app, run.id)
    assert server.requests[0].json["messages"] == [
        {
            "role": "user",
            "content": '<file name="sales.csv">\ncity,sum\nOslo,12\n\n</file>\n\n'
            '<file name="offer.pdf">\nTotal 1250 euros\n</file>\n\nSum?',
        }
    ]


def test_a_file_alone_is_a_message(settings):
    with ScriptedServer(text("a"), text("b"), listing=SEES) as server, workspace(settings, server) as app:
        only = rested(app, started(app, "", files=(PHOTO,)).id).run
        rested(app, started(app, " ", files=(TABLE,)).id)
        assert (only.input, proven(app, only.id)) == ("photo.png", True)
    assert [part["type"] for part in server.requests[0].json["messages"][0]["content"]] == ["image_url"]


def test_a_conversation_keeps_its_files_and_stores_each_once(settings, engine):
    answers = (text("blue"), text("a square"), text("again"))
    with ScriptedServer(*answers, listing=SEES) as server, workspace(settings, server) as app:
        talk = app.conversations.create(None, "ada")
        first = rested(app, started(app, "Colour?", files=(PHOTO,), conversation_id=talk.id).id)
        second = rested(app, started(app, "Shape?", conversation_id=talk.id).id)
        attachments = first.state.attachments
        again = rested(
            app, started(app, "And now?", conversation_id=talk.id, from_start=True, attachments=attachments).id
        )
        assert all(proven(app, view.run.id) for view in (first, second, again))
    contents = [request.json["messages"][0]["content"][-1] for request in server.requests]
    assert contents == [{"type": "image_url", "image_url": {"url": AS_URL}}] * 3
    assert stored(engine).count == 1


def test_a_model_that_is_known_not_to_see_is_not_asked(settings, engine):
    with ScriptedServer(text("ok"), listing=BLIND) as server, workspace(settings, server) as app:
        refused = app.runs.start(_start(app, files=(PHOTO,)))
        rested(app, started(app, "Sum?", files=(TABLE,)).id)
    assert refused == Err(
        "invalid", f"{MODEL} cannot see images. Choose a model that can, or leave out photo.png.", "attachments"
    )
    assert len(server.requests) == 1
    assert stored(engine).count == 1


def test_nor_about_one_of_an_earlier_message(settings):
    with ScriptedServer(text("ok"), listing=listing(scripted=True, blind=False)) as server:
        with workspace(settings, server) as app:
            talk = app.conversations.create(None, "ada")
            rested(app, started(app, "Colour?", files=(PHOTO,), conversation_id=talk.id).id)
            refused = app.runs.start(_start(app, conversation_id=talk.id, model="blind"))
    assert refused.message.endswith("or begin anew: photo.png was attached before.")


def test_where_nobody_knows_it_is_tried_and_said(settings):
    with ScriptedServer(text("blue")) as server, workspace(settings, server) as app:
        view = rested(app, started(app, "Colour?", files=(PHOTO,)).id)
    assert view.run.status == "done"
    assert view.state.spec.notes == (f"Whether {MODEL} can see images is not known: its endpoint does not say.",)


def test_the_demo_model_is_known_not_to_see(settings):
    from core.services.runs import StartRun

    with workspace(settings) as app:
        refused = app.runs.start(StartRun(input="?", endpoint="demo", files=(PHOTO,)))
    assert "demo cannot see images" in refused.message


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ((Upload("a.exe", b"\x00"),), "a.exe is neither an image"),
        (tuple(Upload(f"{n}.txt", b"x") for n in range(MOST_FILES + 1)), "at most 10 files"),
        ((Upload("a.txt", b"x" * 15_000_000), Upload("b.txt", b"x" * 6_000_000)), "larger than 20 MB together"),
    ],
)
def test_what_is_refused_leaves_nothing_behind(settings, engine, files, words):
    with ScriptedServer() as server, workspace(settings, server) as app:
        refused = app.runs.start(_start(app, files=files))
        assert app.runs.list() == []
    assert words in refused.message
    assert stored(engine).count == 0


def test_a_file_that_is_not_stored_cannot_be_named(settings):
    with ScriptedServer(text("x"), listing=SEES) as server, workspace(settings, server) as app:
        (one,) = rested(app, started(app, files=(PHOTO,)).id).state.attachments
        gone = msgspec.structs.replace(one, sha256="0" * 64)
        refused = app.runs.start(_start(app, attachments=(gone,)))
    assert refused.kind == "not_found"


def test_a_fork_carries_the_files(settings):
    with ScriptedServer(text("blue"), text("red"), listing=SEES) as server, workspace(settings, server) as app:
        run = rested(app, started(app, "Colour?", files=(PHOTO,)).id).run
        fork = rested(app, app.proofs.fork(run.id, 1, "ada", "Sure?").value.id).run
        assert proven(app, fork.id)
    assert [part["type"] for part in server.requests[1].json["messages"][0]["content"]] == ["text", "image_url"]


def test_a_bundle_carries_the_files_and_is_refused_without_them(settings, engine):
    with ScriptedServer(text("blue"), listing=SEES) as server, workspace(settings, server) as app:
        run = rested(app, started(app, "Colour?", files=(PHOTO, PAPER)).id).run
        bundle = app.bundles.export(run.id).value
        with engine.begin() as connection:
            for statement in (
                "ALTER TABLE run_events DISABLE TRIGGER USER",
                "DELETE FROM run_events",
                "DELETE FROM runs",
            ):
                connection.execute(sql(statement))
            connection.execute(sql("DELETE FROM attachments"))
        document = msgspec.json.decode(bundle)
        document["files"].pop(hashlib.sha256(PHOTO.content).hexdigest())
        refused = app.bundles.take_in(msgspec.json.encode(document))
        assert isinstance(app.bundles.take_in(bundle), Ok)
        assert proven(app, run.id)
        assert app.attachments.get(hashlib.sha256(PHOTO.content).hexdigest()).media_type == "image/png"
    assert "photo.png is missing in the file" in refused.message
    assert stored(engine).count == 3


def test_an_export_of_the_conversation_carries_them(settings):
    with ScriptedServer(text("blue"), listing=SEES) as server, workspace(settings, server) as app:
        talk = app.conversations.create(None, "ada")
        view = rested(app, started(app, "Colour?", files=(PHOTO,), conversation_id=talk.id).id)
        document = msgspec.json.decode(as_json(talk, [view], app.attachments.of_runs([view.state])))
    (one,) = document["runs"][0]["attachments"]
    assert base64.b64decode(document["files"][one["sha256"]]) == PHOTO.content
    assert "*Attached: photo.png (image/png," in as_markdown(talk, [view])


def test_a_journal_names_a_file_it_never_changes(settings, engine):
    from sqlalchemy.exc import IntegrityError

    with ScriptedServer(text("x"), listing=SEES) as server, workspace(settings, server) as app:
        rested(app, started(app, files=(PHOTO,)).id)
    with pytest.raises(IntegrityError, match="named_by_content"), engine.begin() as connection:
        connection.execute(sql("UPDATE attachments SET content = 'x'"))


def test_a_file_that_is_gone_is_named_by_every_proof(settings, engine):
    with ScriptedServer(text("blue"), listing=SEES) as server, workspace(settings, server) as app:
        run = rested(app, started(app, "Colour?", files=(PHOTO,)).id).run
        assert app.proofs.verify().value.first_break is None
        with engine.begin() as connection:
            connection.execute(sql("DELETE FROM attachments"))
        broken = app.proofs.verify(run.id).value.first_break
        verdict = app.proofs.replay(run.id).value
        sent = app.runs.sent(run.id, 1)
    assert broken.what == "the file photo.png is not stored any more"
    assert "photo.png is not stored here any more" in verdict.difference
    assert "photo.png is not stored here any more" in sent.message


def _start(app, **changes):
    from core.domain.agent import AgentSpec
    from core.services.runs import StartRun
    from tests.support.workspace import ENDPOINT

    return StartRun(**({"input": "?", "spec": AgentSpec(endpoint=ENDPOINT)} | changes))
