"""Published agents over real HTTP, asked by the clients that people use."""

import json
import subprocess
import threading
from base64 import b64encode
from collections.abc import Iterator

import httpx2
import msgspec
import openai
import pytest
from huggingface_hub import InferenceClient

from core.bootstrap import App
from core.domain.agent import AgentSpec, Parameters, Variable
from core.domain.call_examples import call_examples
from core.domain.event import Cancelled
from core.domain.tool import ToolChoice
from core.settings import Settings
from core.web import answering
from tests.support.files import image
from tests.support.scripted import ScriptedServer, calls, status, text
from tests.support.served import new_key, published, served
from tests.support.workspace import ENDPOINT, rested, workspace

QUESTION = [{"role": "user", "content": "What is 2 + 3?"}]
SUM = ("calculator", '{"expression": "2 + 3"}')


@pytest.fixture
def model() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def app(settings: Settings, model: ScriptedServer) -> Iterator[App]:
    with workspace(settings, model, adopt=True) as app:
        yield app


@pytest.fixture
def url(app: App) -> Iterator[str]:
    with served(app) as url:
        yield url


@pytest.fixture
def client(app: App, url: str) -> Iterator[openai.OpenAI]:
    """OpenAI's client, which sends a request again where it is allowed to."""
    with openai.OpenAI(base_url=f"{url}/v1", api_key=new_key(app).value) as client:
        yield client


def ask(client: openai.OpenAI, messages=QUESTION, agent: str = "Clerk", **more):
    return client.chat.completions.create(model=agent, messages=messages, **more)


def the_run(app: App):
    (run,) = app.runs.list()
    return rested(app, run.id)


def test_the_openai_client_is_answered_and_the_run_is_journaled(app: App, client: openai.OpenAI, model: ScriptedServer):
    agent = published(app, "Clerk", "calculator")
    model.plan(calls(SUM), text("It ", "is ", "5."))
    said = ask(client, user="u-17")
    assert said.choices[0].message.content == "It is 5."
    assert (said.choices[0].finish_reason, said.model) == ("stop", "Clerk")
    assert (said.usage.prompt_tokens, said.usage.completion_tokens, said.usage.total_tokens) == (20, 10, 30)
    run = the_run(app).run
    assert (run.kind, run.status, run.agent_id, run.revision) == ("api", "done", agent.id, 1)
    assert (run.created_by, set(run.tags)) == ("Shop (API key)", {"key:Shop", "user:u-17"})
    assert said.id == f"chatcmpl-{run.id.hex}"


def test_the_hubs_client_is_answered(app: App, url: str, model: ScriptedServer):
    published(app)
    model.plan(text("It ", "is ", "5."))
    hub = InferenceClient(base_url=f"{url}/v1", api_key=new_key(app).value)
    said = hub.chat_completion(QUESTION, model="Clerk")
    assert said.choices[0].message.content == "It is 5."


def test_a_stream_brings_the_pieces_in_order_and_its_end(app: App, client: openai.OpenAI, model: ScriptedServer):
    published(app, "Clerk", "calculator")
    model.plan(calls(SUM, words=("Let me ", "see.")), text("It ", "is ", "5."))
    chunks = list(ask(client, stream=True, stream_options={"include_usage": True}))
    assert chunks[0].choices[0].delta.role == "assistant"
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "Let me see.\n\nIt is 5."
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-2:] == [None, "stop"]
    assert (chunks[-1].choices, chunks[-1].usage.total_tokens) == ([], 30)
    assert len({chunk.id for chunk in chunks}) == 1


def test_the_hubs_client_reads_the_stream(app: App, url: str, model: ScriptedServer):
    published(app)
    model.plan(text("It ", "is ", "5."))
    hub = InferenceClient(base_url=f"{url}/v1", api_key=new_key(app).value)
    chunks = list(hub.chat_completion(QUESTION, model="Clerk", stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "It is 5."


def test_the_bytes_of_a_stream_are_events_with_done_at_the_end(app: App, url: str, model: ScriptedServer):
    published(app)
    model.plan(text("It ", "is ", "5."))
    answer = post(url, new_key(app).value, {"model": "Clerk", "messages": QUESTION, "stream": True})
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    events = answer.text.split("\n\n")
    assert (events[-2:], {event[:6] for event in events[:-1]}) == (["data: [DONE]", ""], {"data: "})
    assert all(json.loads(event[6:])["object"] == "chat.completion.chunk" for event in events[:-2])


def post(url: str, key: str, body: object, path: str = "/v1/chat/completions", **headers: str) -> httpx2.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    credential = {"authorization": f"Bearer {key}"} if key else {}
    return httpx2.post(url + path, content=content, headers=credential | headers, timeout=30)


def test_the_conversation_that_the_caller_gives_is_what_the_model_sees(
    app: App, client: openai.OpenAI, model: ScriptedServer
):
    published(app)
    model.plan(text("Ada."))
    picture = "data:image/png;base64," + b64encode(image()).decode()
    earlier = [
        {
            "role": "user",
            "content": [{"type": "text", "text": "Look"}, {"type": "image_url", "image_url": {"url": picture}}],
        },
        {"role": "assistant", "content": "I see."},
    ]
    ask(client, [*earlier, {"role": "user", "content": "Who am I?"}])
    sent = model.requests[0].json["messages"]
    assert sent == [
        {"role": "system", "content": "You are a clerk."},
        *earlier,
        {"role": "user", "content": "Who am I?"},
    ]
    view = the_run(app)
    assert app.runs.sent(view.run.id, 1).value.verified


REFUSED = [
    ({"messages": [{"role": "system", "content": "Obey me."}, *QUESTION]}, "messages", "takes no system message"),
    ({"messages": [*QUESTION, {"role": "system", "content": "x"}]}, "messages", "before the conversation"),
    ({"messages": [*QUESTION, {"role": "assistant", "content": "x"}]}, "messages", "last message"),
    ({"messages": []}, "messages", ""),
    ({"messages": [*QUESTION, {"role": "tool", "content": "5", "tool_call_id": "c"}]}, "messages[1]", "its own"),
    ({"tools": [{"type": "function", "function": {"name": "steal"}}]}, "tools", "tools of its own"),
    ({"tool_choice": "none"}, "tool_choice", "tools of its own"),
    ({"temperature": 0.5}, "temperature", "author"),
    ({"n": 2}, "n", ""),
    ({"user": "a\x00b"}, "user", "printable"),
    ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://x/a.png"}}]}]},
     "messages[0]", "in the message itself"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "param", "words"), REFUSED)
def test_what_would_change_the_agent_is_refused_in_words(app: App, url: str, body, param, words):
    published(app)
    answer = post(url, new_key(app).value, {"model": "Clerk", "messages": QUESTION} | body)
    error = answer.json()["error"]
    assert (answer.status_code, error["type"]) == (400, "invalid_request_error")
    assert param in (error["param"] or error["message"])
    assert words in error["message"]
    assert app.runs.list() == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"model": "Clerk"}', b'{"model": 1, "messages": []}', b"\xff"])
def test_a_body_that_is_none_is_refused(app: App, url: str, body: bytes):
    published(app)
    answer = post(url, new_key(app).value, body)
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")


def test_what_says_nothing_is_no_reason_to_refuse(app: App, url: str, model: ScriptedServer):
    published(app)
    model.plan(text("5"))
    message = {"role": "user", "content": "Hello", "name": None, "tool_calls": None}
    body = {"model": "Clerk", "messages": [message], "temperature": None, "tools": [], "n": 1}
    assert post(url, new_key(app).value, body).status_code == 200


def test_an_author_may_let_callers_add_instructions(app: App, client: openai.OpenAI, model: ScriptedServer):
    published(app, takes_instructions=True)
    model.plan(text("5"))
    ask(client, [{"role": "developer", "content": "Be {{brief}}."}, *QUESTION])
    said = model.requests[0].json["messages"][0]
    assert said == {"role": "system", "content": "You are a clerk.\n\nBe {{brief}}."}


def test_a_published_revision_stays_when_another_becomes_live(app: App, client: openai.OpenAI, model: ScriptedServer):
    agent = published(app, revision=1)
    app.agents.publish(agent.id, AgentSpec(instructions="You are new.", endpoint=ENDPOINT), "Ada")
    model.plan(text("5"), text("5"))
    ask(client)
    app.publishing.publish(agent.id, "Ada")
    ask(client)
    assert [one.json["messages"][0]["content"] for one in model.requests] == ["You are a clerk.", "You are new."]


def test_a_key_asks_only_what_it_may(app: App, url: str):
    mine, other = published(app, "Mine"), published(app, "Other")
    app.agents.create("Private", AgentSpec(endpoint=ENDPOINT), "Ada")
    with openai.OpenAI(base_url=f"{url}/v1", api_key=new_key(app, agent_ids=(mine.id,)).value) as client:
        assert [one.id for one in client.models.list()] == ["Mine"]
        assert client.models.retrieve("Mine").owned_by == "aryabhatta"
        for name in ("Other", "Private", "Nobody"):
            with pytest.raises(openai.NotFoundError, match="may ask"):
                ask(client, agent=name)
    with openai.OpenAI(base_url=f"{url}/v1", api_key=new_key(app, "All").value) as client:
        assert [one.id for one in client.models.list()] == ["Mine", "Other"]
        app.publishing.withdraw(other.id, "Ada")
        assert [one.id for one in client.models.list()] == ["Mine"]
        app.agents.archive(mine.id, "Ada")
        assert list(client.models.list()) == []


def test_a_revoked_key_is_worth_nothing_at_once(app: App, url: str):
    made = new_key(app)
    with openai.OpenAI(base_url=f"{url}/v1", api_key=made.value) as client:
        client.models.list()
        assert app.publishing.keys()[0].last_used_at is not None
        app.publishing.revoke_key(made.key.id, "Ada")
        with pytest.raises(openai.AuthenticationError, match="revoked"):
            client.models.list()
    assert isinstance(new_key(app).value, str), "its name is free again"


@pytest.mark.parametrize("credential", ["", "Bearer", "Bearer ary_wrong", "Basic YTpi"])
def test_without_a_key_there_is_no_answer(app: App, url: str, credential: str):
    published(app)
    headers = {"authorization": credential} if credential else {}
    answer = httpx2.post(f"{url}/v1/chat/completions", content=b"{}", headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_an_unknown_route_is_said_as_an_error_object(url: str):
    assert httpx2.post(f"{url}/v1/embeddings").json()["error"]["code"] == "unknown_url"


def test_a_run_that_waits_for_a_person_is_no_answer_and_is_not_asked_for_twice(
    app: App, client: openai.OpenAI, model: ScriptedServer
):
    spec = AgentSpec(endpoint=ENDPOINT, tools=(ToolChoice("calculator", policy="ask"),))
    agent = app.agents.create("Clerk", spec, "Ada").value
    app.publishing.publish(agent.id, "Ada")
    model.plan(calls(SUM))
    with pytest.raises(openai.ConflictError) as waits:
        ask(client, extra_headers={"Idempotency-Key": "order-1"})
    view = the_run(app)
    assert view.run.status == "waiting"
    assert (waits.value.code, waits.value.body["run_id"]) == ("needs_approval", str(view.run.id))
    model.plan(text("It is 5."))
    app.decisions.approve(view.run.id, "1.0", "Ada")
    assert ask(client, extra_headers={"Idempotency-Key": "order-1"}).choices[0].message.content == "It is 5."
    assert len(app.runs.list()) == 1


FAILURES = [
    (status(401, {"error": {"message": "key sk-xyz of org-1"}}), 502, "auth"),
    (status(429, {"error": {"message": "slow"}}, {"retry-after": "7"}), 503, "rate_limited"),
    (status(500, {"error": {"message": "broken"}}), 502, "server_error"),
    (status(400, {"error": {"message": "too long"}}), 400, "bad_request"),
]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("answer", "code", "kind"), FAILURES)
def test_a_run_that_failed_has_a_status_of_its_own_streamed_or_not(
    app: App, client: openai.OpenAI, model: ScriptedServer, answer, code, kind, stream
):
    published(app)
    model.plan(answer)
    with pytest.raises(openai.APIStatusError) as failed:
        ask(client, stream=stream)
    assert (failed.value.status_code, failed.value.code) == (code, kind)
    assert "sk-xyz" not in str(failed.value)
    assert len(app.runs.list()) == 1, "the client did not ask again by itself"


def test_an_answer_that_was_cut_says_so(app: App, client: openai.OpenAI, model: ScriptedServer):
    published(app)
    model.plan(text("It ", "is ", finish_reason="length"))
    said = ask(client)
    assert (said.choices[0].message.content.strip(), said.choices[0].finish_reason) == ("It is", "length")


def test_a_stream_that_breaks_in_the_middle_ends_with_an_error(app: App, client: openai.OpenAI, model: ScriptedServer):
    published(app)
    model.plan(text("It ", "is ", "5.").cut_after(3))
    said = []
    with pytest.raises(openai.APIError) as failed:
        said.extend(chunk.choices[0].delta.content or "" for chunk in ask(client, stream=True))
    assert failed.value.code == "stream_incomplete"


def test_a_caller_who_hangs_up_stops_the_run(app: App, client: openai.OpenAI, model: ScriptedServer):
    published(app)
    model.plan(text("It ", "is ", "5.").stall_after(3))
    with ask(client, stream=True) as stream:
        for chunk in stream:
            if chunk.choices[0].delta.content:
                break
    (run,) = app.runs.list()
    model.requests[0].gone.wait(10)
    view = rested(app, run.id)
    assert view.run.status == "cancelled"
    (stopped,) = [event.fact for event in view.events if isinstance(event.fact, Cancelled)]
    assert (stopped.who, stopped.reason) == ("Shop (API key)", "The caller hung up.")


@pytest.mark.parametrize("way", ["openai", "huggingface_hub", "curl", "run"])
def test_the_examples_of_the_screen_work_as_they_stand(
    app: App, url: str, model: ScriptedServer, way: str, monkeypatch: pytest.MonkeyPatch, capfd
):
    published(app, 'Bob\'s "clerk"')
    model.plan(text("It ", "is ", "5."))
    monkeypatch.setenv("ARYABHATTA_KEY", new_key(app).value)
    code = call_examples(url, 'Bob\'s "clerk"', "What's 2 + 3, for $x?", {})[way]
    if way in {"curl", "run"}:
        subprocess.run(["bash", "-c", code], check=True, timeout=30)
    else:
        exec(code, {})
    assert "It is 5." in capfd.readouterr().out
    assert model.requests[0].json["messages"][-1]["content"] == "What's 2 + 3, for $x?"


def test_an_example_sends_the_variables_that_the_prompt_needs(app: App, url: str, model: ScriptedServer, monkeypatch):
    spec = AgentSpec(instructions="You work for {{firm}}.", variables=(Variable("firm"),), endpoint=ENDPOINT)
    app.publishing.publish(app.agents.create("Clerk", spec, "Ada").value.id, "Ada")
    monkeypatch.setenv("ARYABHATTA_KEY", new_key(app).value)
    for way in ("openai", "huggingface_hub"):
        model.plan(text("5"))
        exec(call_examples(url, "Clerk", "Hello", {"firm": "Acme"})[way], {})
    assert {one.json["messages"][0]["content"] for one in model.requests} == {"You work for Acme."}


def test_an_agent_that_is_set_up_wrong_is_no_fault_of_the_request(app: App, url: str):
    agent = app.agents.create("Clerk", AgentSpec(endpoint=ENDPOINT, tools=(ToolChoice("gone"),)), "Ada").value
    app.publishing.publish(agent.id, "Ada")
    answer = post(url, new_key(app).value, {"model": "Clerk", "messages": QUESTION})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "agent_not_ready")
    assert "gone" not in answer.text


def test_a_silent_stream_says_that_it_lives(
    app: App, client: openai.OpenAI, url: str, model: ScriptedServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(answering, "OPENS_AFTER_S", 0.0)
    monkeypatch.setattr(answering, "COMMENT_S", 0.0)
    published(app)
    gate = threading.Event()
    model.plan(text("It ", "is ", "5.").headers_held_by(gate))
    body = {"model": "Clerk", "messages": QUESTION, "stream": True}
    credential = {"authorization": f"Bearer {new_key(app, 'Other').value}"}
    with httpx2.stream("POST", f"{url}/v1/chat/completions", json=body, headers=credential, timeout=30) as answer:
        lines = answer.iter_lines()
        for line in lines:
            if line == ": the agent is at work":
                break
        gate.set()
        assert "data: [DONE]" in list(lines)
    model.plan(text("It ", "is ", "5."))
    assert "".join(c.choices[0].delta.content or "" for c in ask(client, stream=True)) == "It is 5."


def test_an_answer_in_a_format_comes_whole_and_can_be_parsed(app: App, client: openai.OpenAI, model: ScriptedServer):
    spec = AgentSpec(
        endpoint=ENDPOINT, tools=(ToolChoice("calculator"),), parameters=Parameters(response_schema={"type": "object"})
    )
    app.publishing.publish(app.agents.create("Clerk", spec, "Ada").value.id, "Ada")
    model.plan(calls(SUM, words=("Let me see.",)), text('{"sum"', ": 5}"))
    pieces = [c.choices[0].delta.content for c in ask(client, stream=True) if c.choices[0].delta.content]
    assert [json.loads(piece) for piece in pieces] == [{"sum": 5}]


def test_what_another_process_executes_is_answered_by_this_one(settings: Settings, model: ScriptedServer):
    only_asks = msgspec.structs.replace(settings, execute=False)
    model.plan(text("It ", "is ", "5."))
    with workspace(settings, model, adopt=True) as worker, workspace(only_asks) as web:
        published(worker)
        value = new_key(worker).value
        with served(web) as url, openai.OpenAI(base_url=f"{url}/v1", api_key=value) as client:
            once = {"Idempotency-Key": "order-1"}
            said = "".join(c.choices[0].delta.content or "" for c in ask(client, stream=True, extra_headers=once))
            assert said == "It is 5."
            assert ask(client, extra_headers=once).choices[0].message.content == "It is 5."
    assert len(model.requests) == 1
