"""Who executes runs, on which machine, and with what each is busy."""

import streamlit as st

from core.bootstrap import App
from core.domain.run import Run
from core.services.operation import WorkerFacts, Workforce
from pages.components.frame import quiet, section
from pages.components.metrics import metric_row
from pages.components.text import counted, grouped, plain, short

_PULSE_S = 3.0
_SHOWN_RUNS = 8


def workers(app: App) -> None:
    section("Workers")
    st.caption(
        "Processes that execute runs: this app, unless ARYABHATTA_EXECUTE=0, and every `python -m core worker` on this or "
        "another machine with the same database."
    )
    st.fragment(_live, run_every=_PULSE_S, key="workers_live")(app)


def _live(app: App) -> None:
    force = app.operation.workforce()
    metric_row(_numbers(force))
    if not any(worker.is_alive and worker.adopts for worker in force.workers):
        st.warning(
            "Nobody executes runs: what is started waits in the queue. Start `python -m core worker`.",
            icon=":material/error:",
        )
    for worker in force.workers:
        _worker(worker)


def _numbers(force: Workforce) -> list[tuple[str, str]]:
    held = [("Held", grouped(force.held))] if force.held else []
    counts = (("Queued", force.queued), ("Running", force.running), ("Waiting for a person", force.waiting))
    return [*((name, grouped(number)) for name, number in counts), *held]


def _worker(worker: WorkerFacts) -> None:
    with st.container(border=True, gap="xxsmall", key=f"row_worker_{worker.name}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"{_mark(worker)} **{plain(worker.host)}**", width="stretch")
            if worker.is_this:
                st.badge("This app", color="blue")
        takes = (
            f"takes up {grouped(worker.adopts)} runs at once" if worker.adopts else "takes up nothing from the queue"
        )
        quiet(takes, f"process {worker.pid}", ("since", worker.started_at), worker.name, small=True)
        if not worker.is_alive:
            st.markdown("It is gone. Another worker takes over what it had.")
        elif not worker.runs:
            st.markdown(":gray[Busy with nothing.]")
        for run in worker.runs[:_SHOWN_RUNS]:
            _run(run)
        if len(worker.runs) > _SHOWN_RUNS:
            quiet(f"and {counted(len(worker.runs) - _SHOWN_RUNS, 'more run')}", small=True)


def _run(run: Run) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"flush_{run.id}"):
        name = run.agent_name or run.kind
        st.page_link(
            "run.py", label=plain(short(f"{name}: {run.input}", 80)), icon=":material/play_circle:",
            query_params={"run": str(run.id)},
        )  # fmt: skip
        quiet(run.created_at, small=True, right=True)


def _mark(worker: WorkerFacts) -> str:
    return ":green[:material/check_circle:]" if worker.is_alive else ":orange[:material/error:]"
