"""Spaces as tools among the others: looked at, chosen, kept, used by agents, their drift shown."""

from core.domain.agent import AgentSpec
from core.domain.result import Err, Ok
from core.domain.tool import ToolChoice
from core.engine.invariants import faults
from core.services.hub_tools import media_of
from core.services.runs import StartRun
from core.services.space_tools import HubSpace
from tests.support.answers import calls, text
from tests.support.gradio_app import GradioServer, parameter
from tests.support.scripted import ScriptedServer
from tests.support.workspace import ENDPOINT, rested, workspace


def looked_at(app, server):
    return app.space_tools.look(HubSpace(address=f"http://{server.place}", allow_hosts=(server.place,))).value


def chosen(app, server, endpoint):
    look = looked_at(app, server)
    return app.space_tools.choose(look, next(one for one in look.endpoints if one.name == endpoint))


def test_a_space_is_looked_at_and_one_of_its_functions_becomes_a_tool(settings):
    with GradioServer() as server, workspace(settings) as app:
        look = looked_at(app, server)
        assert [one.name for one in look.endpoints] == ["/greet", "/flip", "/paint", "/mood", "/several"]
        assert look.written.prefix == "/gradio_api"
        written = chosen(app, server, "/flip")
        made = app.space_tools.keep("", written, "ada").value.tool
        assert (made.kind, made.effect, made.repeat) == ("hf", "write", "never")
        assert app.space_tools.get(made.name, "ada") == written
        assert app.space_tools.is_ours(made)
        assert not app.hub_tools.is_ours(made)
        assert media_of(made) == {"image": "image"}
        assert app.tools.needed_secrets([made]) == ()


def test_an_agent_uses_it_and_the_picture_is_kept(settings):
    with (
        GradioServer() as server,
        ScriptedServer(calls(("paint", '{"prompt": "a cat"}')), text("Two cats.")) as model,
        workspace(settings, model) as app,
    ):
        written = chosen(app, server, "/paint")
        assert isinstance(app.space_tools.keep("", HubSpace(**{**fields(written), "name": "paint"}), "ada"), Ok)
        spec = AgentSpec(endpoint=ENDPOINT, tools=(ToolChoice("paint"),))
        view = rested(app, app.runs.start(StartRun(input="Paint.", spec=spec, kind="cli")).value.id)
        (file,) = view.state.steps[0].calls[0].finished.files
        assert app.attachments.get(file.sha256).media_type == "image/png"
        assert faults(view.events) == []


def fields(written):
    return {name: getattr(written, name) for name in written.__struct_fields__}


def test_what_changed_is_shown_and_taken_over_by_saving(settings):
    with GradioServer() as server, workspace(settings) as app:
        written = HubSpace(**{**fields(chosen(app, server, "/greet")), "fixed": {"tone": "rude"}})
        assert app.space_tools.drift(written).value is None
        greet = server.app.info["named_endpoints"]["/greet"]
        greet["parameters"] = [greet["parameters"][0], parameter("wish", {"type": "string"}, default="luck")]
        now = app.space_tools.drift(written).value
        assert [one.name for one in now.endpoint.inputs] == ["name", "wish"]
        assert now.fixed == {}
        run = app.space_tools.try_out(written, '{"name": "Ada"}', "ada").value
        assert rested(app, run.id).run.error_kind in {None, "tool_drift"}
        assert server.app.called == []
        run = app.space_tools.try_out(now, '{"name": "Ada"}', "ada").value
        rested(app, run.id)
        assert server.app.called == [("greet", ["Ada", "luck"])]
        del server.app.info["named_endpoints"]["/greet"]
        assert "has no endpoint /greet any more" in app.space_tools.drift(written).message


def test_what_is_no_space_is_refused(settings):
    with workspace(settings) as app:
        for given in (HubSpace(space="no slash"), HubSpace(address="http://127.0.0.1:1")):
            assert isinstance(app.space_tools.look(given), Err)
        assert isinstance(app.space_tools.keep("", HubSpace(name="t", description="d"), "ada"), Err)
