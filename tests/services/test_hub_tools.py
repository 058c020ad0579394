"""Hugging Face tools among the others: drafted, kept, used by agents, their files named from call to call."""

import re

import msgspec
import pytest
from sqlalchemy import text as sql

from core.domain.agent import AgentSpec
from core.domain.attachment import Upload
from core.domain.result import Err, Ok
from core.domain.tool import ToolChoice
from core.engine.invariants import faults
from core.services.hub_tools import TASKS, HubTask, media_of
from core.services.runs import StartRun
from tests.support.answers import calls, status, text
from tests.support.files import BLIND, SEES, image
from tests.support.inference import PICTURE, answer_task, sound
from tests.support.scripted import ScriptedServer
from tests.support.workspace import ENDPOINT, rested, workspace


def task(name):
    return next(one for one in TASKS if one.name == name)


def own(app, server, name, **changes):
    """A task that a server of one's own does."""
    begun = app.hub_tools.begin(task(name))
    place = f"127.0.0.1:{server.port}"
    return HubTask(
        **(
            {"name": begun.name, "description": begun.description, "task": name, "secret": ""}
            | {"address": f"http://{place}/{name}", "allow_hosts": (place,)}
            | changes
        )
    )


def kept(app, server, *names):
    for name in names:
        assert isinstance(app.hub_tools.keep("", own(app, server, name), "ada"), Ok)


def asked(app, words, **more):
    tools = tuple(ToolChoice(tool.name) for tool in app.tools.list() if tool.kind == "hf")
    start = StartRun(input=words, spec=AgentSpec(endpoint=ENDPOINT, tools=tools), kind="chat", **more)
    run = app.runs.start(start)
    assert isinstance(run, Ok), run
    return rested(app, run.value.id)


def test_a_picture_that_a_tool_made_is_given_to_the_next_by_its_name(settings):
    drawn = calls(("draw_picture", '{"prompt": "a cat"}'))
    with (
        ScriptedServer(respond=answer_task) as hub,
        ScriptedServer(drawn, text("Done."), listing=SEES) as model,
        workspace(settings, model) as app,
    ):
        kept(app, hub, "text-to-image", "image-to-text")
        first = asked(app, "Draw a cat.")
        call = first.state.steps[0].calls[0]
        (file,) = call.finished.files
        assert re.fullmatch(r"draw_picture-[0-9a-f]{6}\.png", file.name)
        assert app.attachments.content(file.sha256) == PICTURE
        assert file.name in call.finished.output
        body = model.requests[1].body.decode()
        assert "base64" not in body
        model.plan(calls(("describe_picture", f'{{"image": "{file.name}"}}')), text("A cat on a mat."))
        second = asked(app, "What does it show?", parent_run_id=first.run.id)
        assert hub.requests[-1].body == PICTURE
        assert second.state.steps[0].calls[0].finished.output == "a cat on a mat"
        assert [faults(view.events) for view in (first, second)] == [[], []]


def test_a_file_that_a_person_attached_is_given_to_a_tool(settings):
    with (
        ScriptedServer(respond=answer_task) as hub,
        ScriptedServer(calls(("transcribe", "{}")), text("It says hello.")) as model,
        workspace(settings, model) as app,
    ):
        kept(app, hub, "automatic-speech-recognition")
        view = asked(app, "What is said?", files=(Upload("memo.wav", sound()),))
        assert view.state.steps[0].calls[0].finished.output == "hello there"
        assert hub.requests[0].body == sound()
        assert hub.requests[0].headers["content-type"] == "audio/wav"
        told = model.requests[0].json["messages"][-1]["content"]
        assert told.startswith('<file name="memo.wav">\nA sound file (audio/wav, ')


def test_a_model_that_cannot_see_is_told_of_a_picture_when_a_tool_can_look_at_it(settings):
    photo = Upload("photo.png", image())
    with (
        ScriptedServer(respond=answer_task) as hub,
        ScriptedServer(calls(("describe_picture", '{"image": "photo.png"}')), text("A cat."), listing=BLIND) as model,
        workspace(settings, model) as app,
    ):
        spec = AgentSpec(endpoint=ENDPOINT)
        refused = app.runs.start(StartRun(input="What is it?", spec=spec, kind="chat", files=(photo,)))
        assert "cannot see images" in refused.message
        kept(app, hub, "image-to-text")
        view = asked(app, "What is it?", files=(photo,))
        assert view.state.steps[0].calls[0].finished.output == "a cat on a mat"
        assert hub.requests[0].body == image()
        told = model.requests[0].json["messages"][-1]["content"]
        assert told.startswith('<file name="photo.png">\nA picture (image/png, ')
        (file,) = view.state.attachments
        assert (file.is_picture, file.is_image) == (True, False)
        bundle = app.bundles.export(view.run.id).value
        assert app.bundles.take_in(bundle).message.endswith("is here already.")


def test_the_token_stands_in_no_journal(settings, caplog):
    token = "hf_canaryCANARYcanary"
    echo = status(500, {"error": f"token {token} is bad"})
    with ScriptedServer(echo) as hub, workspace(settings) as app:
        app.secrets.set("OWN", token, "ada")
        written = own(app, hub, "summarization", secret="OWN")
        view = rested(app, app.hub_tools.try_out(written, '{"text": "x"}', "ada").value.id)
        assert hub.requests[0].headers["authorization"] == f"Bearer {token}"
        error = view.state.steps[0].calls[0].finished.error
        assert (error.kind, error.message) == ("server_error", "token [secret OWN] is bad")
        assert "canary" not in (msgspec.json.encode(view.events).decode() + caplog.text).lower()


def test_a_trial_takes_its_files_along(settings):
    with ScriptedServer(respond=answer_task) as hub, workspace(settings) as app:
        written = own(app, hub, "image-classification", fixed={"top_k": 2})
        run = app.hub_tools.try_out(written, '{"image": "x.png"}', "ada", [Upload("x.png", image())]).value
        call = rested(app, run.id).state.steps[0].calls[0]
        assert call.finished.data["rows"] == [["tabby cat", 0.9731], ["tiger cat", 0.0204]]
        assert hub.requests[0].json["parameters"] == {"top_k": 2}
        assert media_of(app.hub_tools.tool(written)) == {"image": "image"}


def test_files_that_tools_made_travel_with_a_run_and_are_missed(settings, engine):
    with ScriptedServer(respond=answer_task) as hub, workspace(settings) as app:
        run = app.hub_tools.try_out(own(app, hub, "text-to-image"), '{"prompt": "a"}', "ada").value
        file = rested(app, run.id).state.steps[0].calls[0].finished.files[0]
        bundle = app.bundles.export(run.id).value
        with engine.begin() as connection:
            connection.execute(sql("SET session_replication_role = replica"))
            connection.execute(sql("DELETE FROM run_events; DELETE FROM runs; DELETE FROM attachments"))
        assert app.attachments.content(file.sha256) is None
        assert isinstance(app.bundles.take_in(bundle), Ok)
        assert app.attachments.content(file.sha256) == PICTURE
        assert app.proofs.verify(run.id).value.first_break is None
        with engine.begin() as connection:
            connection.execute(sql("SET session_replication_role = replica"))
            connection.execute(sql("DELETE FROM attachments"))
        broken = app.proofs.verify(run.id).value.first_break
        assert (broken.seq, broken.what) == (3, f"the file {file.name} is not stored any more")


def test_a_draft_is_kept_apart_until_it_is_a_tool(settings):
    with workspace(settings) as app:
        begun = app.hub_tools.begin(task("summarization"))
        assert app.hub_tools.problems(begun) == ()
        app.hub_tools.put("", begun, "ada")
        assert app.hub_tools.get("", "ada") == begun
        assert app.hub_tools.get("", "bob").task == ""
        made = app.hub_tools.keep("", begun, "ada").value
        assert (made.tool.kind, made.tool.effect, made.is_new) == ("hf", "read", True)
        assert not app.hub_tools.is_begun("", "ada")
        assert app.hub_tools.get("summarize", "ada") == begun
        assert isinstance(app.hub_tools.keep("", begun, "ada"), Err)
        (secret,) = app.tools.needed_secrets([made.tool])
        assert (secret.name, secret.is_set) == ("HUGGING_FACE_AUTH_TOKEN", False)


def test_the_request_is_shown_without_its_key(settings):
    with workspace(settings) as app:
        shown = app.hub_tools.request(app.hub_tools.begin(task("text-to-image")), {"prompt": "a cat"}).value
        assert shown.url == "https://router.huggingface.co/hf-inference/models/black-forest-labs/FLUX.1-schnell"
        assert '"inputs": "a cat"' in shown.body
        assert shown.secrets == ("header authorization: ‹HUGGING_FACE_AUTH_TOKEN›",)
        assert "authorization" not in shown.headers
        elsewhere = app.hub_tools.begin(task("zero-shot-classification"))
        refused = app.hub_tools.request(HubTask(**{**fields(elsewhere), "provider": "fal-ai"}), {})
        assert "not supported for provider 'fal-ai'" in refused.message


def fields(written):
    return {name: getattr(written, name) for name in written.__struct_fields__}


@pytest.mark.parametrize("listed", [True, False])
def test_who_serves_a_model_is_looked_up(settings, listed):
    one = {"provider": "fal-ai", "providerId": "fal-ai/flux", "status": "live", "task": "text-to-image"}
    mapping = [one] if listed else {"fal-ai": one}
    answer = status(200, {"pipeline_tag": "text-to-image", "inferenceProviderMapping": mapping})
    with ScriptedServer(answer, status(404, {"error": "Repository not found"})) as hub, workspace(settings) as app:
        service = app.hub_tools
        service._hub, service._allow = f"http://127.0.0.1:{hub.port}", (f"127.0.0.1:{hub.port}",)
        (served,) = service.serving("black-forest-labs/FLUX.1-schnell").value
        assert (served.provider, served.model, served.is_live) == ("fal-ai", "fal-ai/flux", True)
        assert "authorization" not in hub.requests[0].headers
        assert "knows no model no/such" in service.serving("no/such").message
