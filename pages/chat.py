"""Chat: a conversation with one agent, what it did while it answered, and what that took."""

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from uuid import UUID

import streamlit as st
from streamlit.errors import StreamlitAPIException

from core.bootstrap import App
from core.domain.agent import Agent, AgentSpec
from core.domain.branches import path_through
from core.domain.result import Err
from core.domain.run import Conversation, Run
from core.domain.template import render
from core.services.runs import RunView, StartRun
from pages.components.add_to_dataset import add_answer
from pages.components.chat_head import conversation_head, new_head
from pages.components.conversations import conversation_list
from pages.components.decide import decide
from pages.components.files import Typed, accepting, give_back, is_blind, kept, limits_hint, typed
from pages.components.frame import empty_state, page_header
from pages.components.inspector import inspector
from pages.components.message import Tree, message, show_branch, tree
from pages.components.model_badge import model_badge
from pages.components.session import get_app, may, say, show_said, uuid_param, value_or_say, who
from pages.components.text import plain, short
from pages.components.turn import Commands, is_live, reply, stop_button
from pages.components.variables import variable_inputs
from pages.components.window import earlier_button, first_shown

HALVES = (13, 6)
Values = dict[str, str]
TITLE_CHARS = 60


def send(
    app: App, agent: Agent, conversation: Conversation | None, after: Run | None, values: Values, what: Typed
) -> None:
    """Start the answer, as a reply to the last one shown; the first message begins the conversation."""
    title = short(what.text.strip() or ", ".join(file.name for file in what.files), TITLE_CHARS)
    there = conversation or app.conversations.create(agent.id, who(), title=title)
    st.query_params["conversation"] = str(there.id)
    st.query_params.pop("run", None)
    start = StartRun(
        input=what.text,
        files=what.files,
        agent_id=agent.id,
        conversation_id=there.id,
        parent_run_id=after.id if after else None,
        from_start=after is None,
        variables=values,
        who=who(),
    )
    result = app.runs.start(start)
    if isinstance(result, Err):
        give_back("composer", what)
        say(result.message, failed=True)


def send_typed(app: App, agent: Agent, conversation: Conversation | None, after: Run | None, values: Values) -> None:
    """What was typed goes behind the newest message, also one that was sent after this page was drawn."""
    runs = app.conversations.runs(conversation.id) if conversation else []
    newest = path_through(runs, after.id if after else None)[-1] if runs else None
    send(app, agent, conversation, newest, values, typed("composer"))


def say_instead(app: App, values: Values, view: RunView, text: str) -> bool:
    """Another message, or the same once more, in the place of one: a new branch, which the address then names."""
    run = view.run
    start = StartRun(
        input=text,
        attachments=view.state.attachments,
        agent_id=run.agent_id,
        conversation_id=run.conversation_id,
        parent_run_id=run.parent_run_id,
        from_start=run.parent_run_id is None,
        variables=values,
        who=who(),
    )
    started = value_or_say(app.runs.start(start))
    if started is not None:
        show_branch(started.id)
    return started is not None


def again(app: App, values: Values, view: RunView) -> None:
    say_instead(app, values, view, view.state.input)


def stop(app: App, run: Run) -> None:
    value_or_say(app.runs.cancel(run.id, who()))


def rate(app: App, run: Run, is_good: bool | None) -> None:
    value_or_say(app.verdicts.give(run.id, who(), is_good=is_good))


def inspect(run: Run) -> None:
    st.query_params["run"] = str(run.id)


def redraw_both() -> None:
    """Something was recorded: the answer and the inspector beside it are drawn again, nothing else."""
    with suppress(StreamlitAPIException):  # the page was drawn anew meanwhile: they are up to date
        st.rerun(["live_turn", "live_inspector"])


@st.fragment(key="live_turn")
def live_reply(app: App, run_id: UUID, commands: Commands) -> None:
    view = app.runs.view(run_id)
    if view is None or not is_live(view.run):
        st.rerun()  # the answer is complete: the composer and the list are drawn anew
    reply(view, commands, place="chat", last=True)


@st.fragment(key="live_inspector")
def live_inspector(app: App, run_id: UUID) -> None:
    if view := app.runs.view(run_id):
        inspector(app, view, "chat")


def transcript(app: App, tree: Tree, views: list[RunView], commands: Commands) -> None:
    for view in views:
        message(view, tree, "chat")
        if is_live(view.run):
            live_reply(app, view.run.id, commands)
        else:
            with st.container():  # as deep as the fragment of a live one: a finished answer is not drawn anew
                reply(view, commands, place="chat", last=view is views[-1])


def inspected(views: list[RunView]) -> RunView | None:
    """The answer that the address names, else the newest."""
    wanted = uuid_param("run")
    return next((view for view in views if view.run.id == wanted), views[-1] if views else None)


def starters(app: App, agent: Agent, spec: AgentSpec, values: Values) -> None:
    """An empty chat teaches: what the agent is for and how to begin."""
    st.space("medium")
    st.markdown(plain(agent.description) or "Write a message to begin.")
    if not may("builder"):
        return
    with st.container(gap="xsmall"):
        for index, text in enumerate(spec.starters):
            st.button(
                plain(text),
                icon=":material/arrow_outward:",
                key=f"starter_{index}",
                on_click=send,
                args=(app, agent, None, None, values, Typed(text)),
            )


def composer(app: App, agent: Agent, conversation: Conversation | None, spec: AgentSpec, last: Run | None) -> Values:
    """Where the person writes, after the last answer shown; the values of the agent's variables stand above it."""
    if not may("builder"):
        return {}
    live = last if last and is_live(last) else None
    with st.bottom:
        talk, _ = st.columns(HALVES, gap="large")
        with talk, st.container(gap="xxsmall"):
            values = asked_values(agent, spec)
            kept("composer")
            st.chat_input(
                f"Message {agent.name}",
                key="composer",
                disabled=live is not None or not render(spec.instructions, spec.variables, values).is_complete,
                on_submit=send_typed,
                args=(app, agent, conversation, last, values),
                **accepting(),
            )
            with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
                choice = app.endpoints.choose(spec.endpoint)
                model_badge(choice, spec)
                limits_hint(is_blind=is_blind(app, choice, spec))
                if live:
                    stop_button(live, partial(stop, app, live))
    return values


def asked_values(agent: Agent, spec: AgentSpec) -> Values:
    """What the agent's prompt needs to know; red before anything is sent without it."""
    if not spec.variables:
        return {}
    is_open = bool(render(spec.instructions, spec.variables, {}).missing)
    with st.expander("Variables", is_open, icon=":material/data_array:", type="compact", key="variables"):
        values = variable_inputs(spec.variables, str(agent.id))
    if missing := render(spec.instructions, spec.variables, values).missing:
        st.caption(f":red[:material/error: Give a value first: {plain(', '.join(missing))}]")
    return values


def talk(
    app: App,
    agent: Agent,
    conversation: Conversation | None = None,
    runs: Sequence[Run] = (),
    path: Sequence[Run] = (),
) -> None:
    """`runs`: all of the conversation; `path`: the branch that is shown."""
    left_out = first_shown(path, conversation.id, uuid_param("run")) if conversation else 0
    views = app.runs.views([run.id for run in path[left_out:]])
    spec = app.agents.live_spec(agent)
    left, right = st.columns(HALVES, gap="large")
    values = composer(app, agent, conversation, spec, views[-1].run if views else None)
    commands = Commands(
        again=partial(again, app, values),
        news=redraw_both,
        inspect=inspect,
        decide=partial(decide, app),
        add=partial(add_answer, app),
        rate=partial(rate, app),
        rated=app.verdicts.of([view.run.id for view in views], who()),
    )
    with left:
        show_said()
        if conversation is not None:
            earlier_button(left_out, conversation.id)
        transcript(app, tree(app, runs, path, views, partial(say_instead, app, values)), views, commands)
        if not views:
            starters(app, agent, spec, values)
    chosen = inspected(views)
    if chosen is not None:
        with right, st.container(key="inspector", gap="small"):
            if is_live(chosen.run):
                live_inspector(app, chosen.run.id)
            else:
                inspector(app, chosen, "chat")


def new_chat(app: App) -> None:
    if not may("builder"):
        page_header("Chat", "Choose a conversation on the left to read it.")
        return
    agents = app.agents.list()
    if not agents:
        if empty_state(
            ":material/forum:", "A chat needs an agent to talk to.", "Make an agent", "a clerk who calculates"
        ):
            st.switch_page("agents.py")
        return
    talk(app, new_head(agents))


def open_chat(app: App, conversation: Conversation) -> None:
    agent = app.agents.get(conversation.agent_id) if conversation.agent_id else None
    if agent is None:
        st.warning("The agent of this conversation does not exist any more.", icon=":material/robot_2:")
        return
    runs = app.conversations.runs(conversation.id)
    path = path_through(runs, uuid_param("leaf") or uuid_param("run"))
    conversation_head(app, agent, conversation, path)
    talk(app, agent, conversation, runs, path)


def main() -> None:
    app = get_app()
    conversation_id = uuid_param("conversation")
    conversation = app.conversations.get(conversation_id) if conversation_id else None
    conversation_list(app, conversation.id if conversation else None)
    if conversation is not None:
        open_chat(app, conversation)
        return
    if conversation_id is not None:
        st.warning("There is no such conversation here. Begin a new one.", icon=":material/search_off:")
    new_chat(app)


main()
