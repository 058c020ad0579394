"""One run: what happened when, entry by entry, and every byte that was sent."""

from functools import partial
from uuid import UUID

import streamlit as st

from core.bootstrap import App
from core.domain.run import ENDED, Run, RunKind
from core.services.runs import RunView, StartRun
from pages.components.add_to_dataset import add_to_dataset
from pages.components.answer import answer
from pages.components.charts import waterfall
from pages.components.decide import decide
from pages.components.files import shown_files
from pages.components.frame import Part, empty_state, page_header, section
from pages.components.inspector import cost_table, received, sent_steps
from pages.components.journal import journal
from pages.components.metrics import metric_row, model_at, run_numbers
from pages.components.proof import proof
from pages.components.run_differences import run_differences
from pages.components.session import get_app, may, say, show_said, uuid_param, value_or_say, who
from pages.components.state import effect_state, run_state, state_badge
from pages.components.text import counted, plain, short
from pages.components.tool import tool_card
from pages.components.turn import fault_card

HALVES = (13, 7)
NOT_AGAIN: frozenset[RunKind] = frozenset({"test", "call", "compare", "evaluation"})
"""Runs that are part of something else, or no run of a model."""


def header(app: App, view: RunView) -> None:
    run = view.run
    with page_header(short(run.input, 80), *facts(run)):
        state_badge(run_state(run))
        if run.status not in ENDED and may("builder"):
            st.button("Stop", icon=":material/stop_circle:", on_click=stop, args=(app, run))
            if run.status != "waiting":
                st.button(
                    "Resume",
                    icon=":material/play_arrow:",
                    help="Goes on from the journal when the worker that had it is gone.",
                    on_click=resume,
                    args=(app, run),
                )
        if may("builder"):
            comparison(app, run)
        if run.conversation_id and st.button("Open chat", icon=":material/forum:"):
            st.switch_page("chat.py", query_params={"conversation": str(run.conversation_id), "run": str(run.id)})
        elif run.caller_run_id and st.button("The run that called it", icon=":material/account_tree:"):
            st.switch_page("run.py", query_params={"run": str(run.caller_run_id)})
        elif run.status in ENDED and not run.conversation_id and run.kind not in NOT_AGAIN and may("builder"):
            st.button("Run again", icon=":material/refresh:", on_click=again, args=(app, view))
        if run.status == "done" and run.kind != "test" and may("builder"):
            add_to_dataset(app, {"this run": run.id})


def comparison(app: App, run: Run) -> None:
    """To the comparison that the run belongs to, or to a new one that begins with it."""
    if belongs := next((tag.partition(":")[2] for tag in run.tags if tag.startswith("comparison:")), ""):
        if st.button("Open comparison", icon=":material/view_column:"):
            st.switch_page("compare.py", query_params={"comparison": belongs})
    elif run.status in ENDED and run.kind != "test" and st.button("Compare", icon=":material/view_column:"):
        if begun := value_or_say(app.comparisons.from_run(run.id, who())):
            st.switch_page("compare.py", query_params={"comparison": str(begun.id)})
        show_said()


def facts(run: Run) -> list[Part]:
    revision = f"revision {run.revision}" if run.revision else "draft" if run.agent_id else ""
    return [run.agent_name, revision, model_at(run), run.created_by, ("started", run.created_at)]


def stop(app: App, run: Run) -> None:
    value_or_say(app.runs.cancel(run.id, who()))


def resume(app: App, run: Run) -> None:
    if value_or_say(app.runs.resume(run.id, who())):
        say("It goes on from where its journal ends.")


def again(app: App, view: RunView) -> None:
    run = view.run
    start = StartRun(
        input=view.state.input,
        attachments=view.state.attachments,
        kind=run.kind,
        agent_id=run.agent_id,
        revision=run.revision,
        endpoint=run.endpoint,
        who=who(),
    )
    if started := value_or_say(app.runs.start(start)):
        st.query_params["run"] = str(started.id)


@st.fragment
def live(app: App, view: RunView) -> None:
    """While the run goes on, each entry of its journal draws the page's body again."""
    fresh = app.runs.view(view.run.id) or view
    if fresh.run.status in ENDED:
        st.rerun()
    body(app, fresh)


def body(app: App, view: RunView) -> None:
    metric_row(run_numbers(view.state.totals))
    with st.container(key="halves"):
        left, right = st.columns(HALVES, gap="large")
    with left:
        if view.state.attachments:
            section("Attached", counted(len(view.state.attachments), "file"))
            shown_files(view.state.attachments)
        section("Steps")
        waterfall(view.state)
        section("Journal", counted(len(view.events), "entry", "entries"))
        journal(view)
    with right:
        details(app, view)


def details(app: App, view: RunView) -> None:
    parts = {
        "Answer": partial(said, app, view),
        "Sent": partial(sent_steps, app, view, "run"),
        "Received": partial(received, view),
        "Cost": partial(cost_table, view),
        "Proof": partial(proof, app, view),
        "Diff": partial(run_differences, app, view.run),
    }
    chosen = st.segmented_control(
        "Details",
        list(parts),
        default="Diff" if "with" in st.query_params else "Answer",
        required=True,
        label_visibility="collapsed",
        key="details",
    )
    parts[chosen or "Answer"]()


def said(app: App, view: RunView) -> None:
    """What was said and done, step by step."""
    for step in view.state.steps:
        answer(view, step, newest=step is view.state.steps[-1], place="run", follow=False, on_news=lambda: None)
        for call in step.calls:
            tool_card(
                call, effect_state(view.state, call), place="run", narrow=True, decide=partial(decide, app, view.run)
            )
    if not view.state.steps:
        answer(view, None, newest=True, place="run", follow=False, on_news=lambda: None)
    ended = view.state.ended
    if ended and ended.error and ended.status == "failed":
        fault_card(ended.error, "tool_failed_run")


def why_not(app: App, run_id: UUID | None) -> str:
    mark = app.retention.mark(run_id) if run_id else None
    return f"There is no such run here. {plain(mark.words) if mark else ''}"


def stands_still(run: Run) -> None:
    if run.held:
        st.warning(
            "It stands still: its batch is paused, or it was restored from a backup. What it was at may have happened since "
            "then. It goes on with its batch, or with Resume.",
            icon=":material/pause_circle:",
        )


def main() -> None:
    app = get_app()
    st.page_link("runs.py", label="Runs", icon=":material/arrow_back:")
    run_id = uuid_param("run")
    view = app.runs.view(run_id) if run_id else None
    if view is None:
        page_header("Run")
        if empty_state(":material/receipt_long:", why_not(app, run_id), "All runs", key="all_runs"):
            st.switch_page("runs.py")
        return
    header(app, view)
    show_said()
    stands_still(view.run)
    if view.run.status in ENDED:
        body(app, view)
    else:
        live(app, view)


main()
