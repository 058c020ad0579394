"""A run's journal in words: one line an entry, the entry itself one click away."""

from typing import NamedTuple, assert_never

import msgspec
import streamlit as st

from core.domain.event import (
    Answered,
    Asked,
    Cancelled,
    Claimed,
    Created,
    Decision,
    Ended,
    Event,
    Fact,
    Finished,
    Refused,
    Settled,
    Started,
    Unknown,
)
from core.domain.question import Question
from core.domain.state import RunState
from core.services.runs import RunView
from pages.components.frame import quiet
from pages.components.text import bare, counted, duration, exact, plain, short
from pages.components.words import kind_words

_SHOWN = 200
_TEXT_CHARS = 90


class Line(NamedTuple):
    icon: str
    colour: str
    text: str


def journal(view: RunView) -> None:
    names = _names(view.state)
    with st.container(gap="xxsmall", key="dense_journal"):
        for event in view.events[:_SHOWN]:
            _entry(event, view, names)
    if len(view.events) > _SHOWN:
        st.caption(
            f"{len(view.events) - _SHOWN} more entries: `python -m core runs show {view.run.id}` prints them all."
        )


def _entry(event: Event, view: RunView, names: dict[str, str]) -> None:
    icon, colour, text = line(event.fact, names)
    with st.container(horizontal=True, gap="small", vertical_alignment="center", wrap=False):
        with st.container(width=72):
            quiet(duration((event.at - view.state.created_at).total_seconds()))
        st.markdown(f":{colour}[:material/{icon}:] {text}", width="stretch")
        with st.popover(
            "", icon=":material/data_object:", type="tertiary", help=f"Entry {event.seq}", key=f"e{event.seq}"
        ):
            st.caption(f"Entry {event.seq} · {event.kind} · {exact(event.at)} · epoch {event.epoch}")
            body = msgspec.json.format(msgspec.json.encode(event.fact), indent=2).decode()
            st.code(body, language="json", wrap_lines=True, height=360)
            st.caption(f"Hash of this entry and all before it: `{event.hash.hex()}`")


def _names(state: RunState) -> dict[str, str]:
    """What to call each effect, and each question of a call by the hash of what was shown."""
    names = {f"{step.number}.m": "The model" for step in state.steps}
    for step in state.steps:
        for call in step.calls:
            name = names[call.effect] = f"**{plain(call.call.name)}**"
            names |= {one.asked.shown: f"what {name} asked" for tried in call.attempts for one in tried.inquiries}
    return names


def line(fact: Fact, names: dict[str, str]) -> Line:
    """One entry as a sentence."""
    name = names.get(getattr(fact, "effect", ""), "The model")
    match fact:
        case Created():
            return _asked(fact)
        case Claimed():
            return Line("badge", "gray", f"Taken by worker {plain(short(fact.by, 40))}")
        case Started():
            return _started(fact, name)
        case Decision():
            return _decided(fact)
        case Finished():
            return _finished(fact, name)
        case Refused():
            return Line("block", "orange", f"{name} was not executed: {kind_words(fact.error).lower()}")
        case Unknown():
            return _unknown(fact, name)
        case Asked() | Answered() | Settled():
            return _person(fact, names.get(fact.shown, name) if isinstance(fact, Answered) else name)
        case Cancelled():
            return Line("stop_circle", "gray", f"{plain(fact.who) or 'A person'} stopped the run")
        case Ended():
            return _ended(fact)
        case _:
            assert_never(fact)


def _asked(fact: Created) -> Line:
    files = f" :gray[· with {counted(len(fact.attachments), 'file')}]" if fact.attachments else ""
    return Line("play_arrow", "gray", f"Asked: {plain(short(fact.input, _TEXT_CHARS))}{files}")


def _started(fact: Started, name: str) -> Line:
    again = f", attempt {fact.attempt}" if fact.attempt > 1 else ""
    if fact.request is not None:
        sent = f"{counted(fact.request.messages, 'message')}, {fact.request.size_bytes:,} bytes"
        return Line("upload", "blue", f"{name} is asked{again}: {sent}")
    if fact.is_check:
        return Line("search", "blue", f"{name} is not sent again: its status check is asked what became of it")
    return Line("play_circle", "blue", f"{name} is started{again}")


def _unknown(fact: Unknown, name: str) -> Line:
    if fact.is_absent:
        return Line("search_off", "gray", f"{name} did not happen, its status check says")
    return Line("help", "orange", f"{name} was started, its outcome is unknown. It was not sent again.")


def _decided(fact: Decision) -> Line:
    if fact.calls:
        return Line("neurology", "blue", f"The model asked for {counted(len(fact.calls), 'tool call')}")
    return Line("neurology", "blue", f"The model answered: {plain(short(bare(fact.text), _TEXT_CHARS))}")


def _finished(fact: Finished, name: str) -> Line:
    took = f" :gray[· {duration(fact.took_ms / 1000)}]" if fact.took_ms else ""
    if fact.dry_run:
        return Line("science", "gray", f"{name} was not executed: a dry run. The model was told so.")
    if fact.source:
        return Line("history", "gray", f"{name} was not executed: a recorded result stands in{took}")
    if fact.error:
        said = f": {plain(short(fact.error.message, _TEXT_CHARS))}" if fact.error.message else ""
        return Line("error", "red", f"{name} failed{said}{took}")
    return Line("check_circle", "green", f"{name} answered {plain(short(fact.output, _TEXT_CHARS))}{took}")


def _person(fact: Asked | Answered | Settled, name: str) -> Line:
    match fact:
        case Asked(question=Question() as question):
            return Line("front_hand", "violet", f"{name} asks a person: {plain(short(question.message, _TEXT_CHARS))}")
        case Asked(why="approval"):
            return Line("front_hand", "violet", f"{name} waits for approval")
        case Asked():
            return Line("front_hand", "violet", f"Somebody has to say whether {name} happened")
        case Answered():
            return _answered(fact, name)
        case Settled():
            how = {"happened": "it happened", "run_again": "to run it again", "skip": "to go on without it"}[fact.how]
            return Line("person", "violet", f"{plain(fact.who) or 'A person'} said of {name}: {how}")


def _answered(fact: Answered, name: str) -> Line:
    said = {"approve": "approved", "deny": "declined", "cancel": "put aside"}[fact.say]
    if not fact.who and fact.reason and fact.say != "approve":
        return Line("person_off", "gray", f"{name} got no answer: {plain(short(fact.reason, _TEXT_CHARS))}")
    return Line("person", "violet", f"{plain(fact.who) or 'A person'} {said} {name}")


def _ended(fact: Ended) -> Line:
    match fact.status:
        case "done" if fact.fit and not fact.fit.is_good:
            places = counted(len(fact.fit.misfits), "place")
            return Line("rule", "orange", f"Done; the answer does not fit its schema in {places}")
        case "done":
            return Line("check_circle", "green", "Done; the answer fits its schema" if fact.fit else "Done")
        case "cancelled":
            return Line("stop_circle", "gray", "Stopped")
        case "failed":
            return Line("error", "red", kind_words(fact.error.kind) if fact.error else "Failed")
