"""From the agent's page to an answer in another program, and a server killed in the middle of one."""

import contextlib
import re
import signal
import threading
from collections.abc import Iterator

import openai
import pytest
from playwright.sync_api import Page, expect

from core.bootstrap import App
from core.domain.agent import Agent, AgentSpec
from tests.e2e.conftest import RunningApp
from tests.e2e.steps import shown, visit
from tests.support.scripted import ScriptedServer, text

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("e2e_publish")]

WHOLE = "The key is under the blue flower pot."
QUESTION = [{"role": "user", "content": "Where is the key?"}]


@pytest.fixture
def model(own_app: RunningApp) -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        with own_app.inside(server):
            pass
        yield server


def made(app: App) -> Agent:
    agent = app.agents.create("Finder", AgentSpec(instructions="You find things."), "Ada").value
    app.publishing.publish(agent.id, "Ada")
    return agent


def test_an_agent_is_published_and_asked_with_a_key_that_is_shown_once(
    own_app: RunningApp, page: Page, model: ScriptedServer
):
    with own_app.inside() as core:
        agent = core.agents.create("Finder", AgentSpec(instructions="You find things."), "Ada").value
    visit(page, f"{own_app.url}/agent?agent={agent.id}")
    page.get_by_role("tab", name="Publish").click()
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_role("button", name="Withdraw")).to_be_visible()
    page.get_by_role("button", name="New API key").click()
    page.get_by_role("textbox", name="Name").fill("Web shop")
    page.get_by_role("button", name="Make the key").click()
    code = page.get_by_role("dialog").get_by_test_id("stCode")
    expect(code).to_contain_text(re.compile(r"ary_[\w-]{43}"))
    value = code.inner_text().strip()
    page.get_by_role("button", name="I have it").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(shown(page, re.compile("never used"))).to_be_visible()
    assert value not in page.content()

    example = page.get_by_test_id("stCode").filter(has_text="/v1/chat/completions")
    expect(example).to_contain_text(f"{own_app.url}/v1/chat/completions")
    expect(example).to_contain_text("Bearer $ARYABHATTA_KEY")
    model.plan(text("Under ", "the ", "pot."))
    with openai.OpenAI(base_url=f"{own_app.url}/v1", api_key=value) as client:
        said = client.chat.completions.create(model="Finder", messages=QUESTION)
        assert said.choices[0].message.content == "Under the pot."
        page.reload()
        visit(page, f"{own_app.url}/settings?section=API+keys")
        expect(shown(page, "Web shop")).to_be_visible()
        page.get_by_role("button", name="Revoke").click()
        page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
        expect(shown(page, "No program has a key yet.")).to_be_visible()
        with pytest.raises(openai.AuthenticationError):
            client.models.list()
    assert value not in own_app.log()


def test_killed_in_the_middle_of_a_streamed_answer_the_same_key_brings_the_whole_of_it(
    own_app: RunningApp, model: ScriptedServer
):
    with own_app.inside() as core:
        agent = made(core)
        value = core.publishing.make_key("Shop", "Ada").value.value
    pieces = re.findall(r"\S+\s*", WHOLE)
    model.plan(text(*pieces).stall_after(5), text(*pieces))
    with openai.OpenAI(base_url=f"{own_app.url}/v1", api_key=value, max_retries=0) as client:

        def ask():
            once = {"Idempotency-Key": "order-1"}
            return client.chat.completions.create(model=agent.name, messages=QUESTION, extra_headers=once, stream=True)

        said = ""
        with contextlib.suppress(openai.APIConnectionError):
            for chunk in ask():
                said += chunk.choices[0].delta.content or ""
                if said == "The key is under ":
                    own_app.kill()
        assert said == "The key is under "
        own_app.start()
        again = list(ask())
        assert "".join(chunk.choices[0].delta.content or "" for chunk in again) == WHOLE
        assert again[-1].choices[0].finish_reason == "stop"
    with own_app.inside() as core:
        (run,) = core.runs.list()
        started = [event.fact for event in core.runs.events(run.id) if event.kind == "started"]
    assert (run.status, len(started)) == ("done", 2), "the journal shows both attempts"


def test_a_hundred_callers_at_once_are_all_answered(own_app: RunningApp):
    with ScriptedServer(respond=lambda _: text("Under ", "the ", "pot.")) as server:
        with own_app.inside(server) as core:
            agent = made(core)
            value = core.publishing.make_key("Shop", "Ada", requests_per_minute=None).value.value
        said: list[str] = []

        def ask(number: int) -> None:
            with openai.OpenAI(base_url=f"{own_app.url}/v1", api_key=value, max_retries=0) as client:
                if number % 2:
                    answer = client.chat.completions.create(model=agent.name, messages=QUESTION)
                    said.append(answer.choices[0].message.content or "")
                else:
                    chunks = client.chat.completions.create(model=agent.name, messages=QUESTION, stream=True)
                    said.append("".join(chunk.choices[0].delta.content or "" for chunk in chunks))

        callers = [threading.Thread(target=ask, args=(number,)) for number in range(100)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join(60)
    assert said == ["Under the pot."] * 100
    with own_app.inside() as core:
        assert {run.status for run in core.runs.list(limit=200)} == {"done"}
        assert len(core.runs.list(limit=200)) == 100


def test_a_server_that_is_told_to_stop_breaks_answers_off_and_the_same_key_brings_them(
    own_app: RunningApp, model: ScriptedServer
):
    with own_app.inside() as core:
        agent = made(core)
        value = core.publishing.make_key("Shop", "Ada").value.value
    pieces = re.findall(r"\S+\s*", WHOLE)
    model.plan(text(*pieces).stall_after(5), text(*pieces))
    with openai.OpenAI(base_url=f"{own_app.url}/v1", api_key=value, max_retries=0) as client:

        def ask(**more):
            once = {"Idempotency-Key": "order-1"}
            return client.chat.completions.create(model=agent.name, messages=QUESTION, extra_headers=once, **more)

        said, stops = "", threading.Thread(target=own_app.stop, args=(signal.SIGTERM,))
        with pytest.raises(openai.APIError, match="told to stop"):  # noqa: PT012 (it comes while it is read)
            for chunk in ask(stream=True):
                said += chunk.choices[0].delta.content or ""
                if said == "The key is under ":
                    stops.start()
        stops.join(10)
        assert not stops.is_alive()
        own_app.start()
        assert ask().choices[0].message.content == WHOLE
