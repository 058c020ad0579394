"""A conversation is a tree: another message in the place of one, and the way between the branches."""

import pytest
from streamlit.testing.v1 import AppTest

from core.bootstrap import App
from core.domain.agent import Agent
from core.domain.run import Run
from tests.pages.conftest import LONGEST_S, Open
from tests.pages.looking import answers, param, shown

FIRST, SECOND = "What is 2 + 3?", "What is 4 + 5?"


def rest(app: App) -> Run:
    run = app.runs.wait(app.runs.list(limit=1)[0].id, LONGEST_S)
    assert run is not None
    return run


def ask(app: App, page: AppTest, text: str) -> Run:
    page.chat_input(key="composer").set_value(text).run()
    run = rest(app)
    page.run()
    return run


def say_instead(app: App, page: AppTest, of: Run, text: str) -> Run:
    """Edit a message and send it."""
    page.button(key=f"icon_edit_chat_{of.id}").click().run()
    page.text_area(key=f"edit_text_chat_{of.id}").set_value(text)
    next(one for one in page.button if one.label == "Send").click().run()
    run = rest(app)
    page.run()
    return run


@pytest.fixture
def chat(open_page: Open, clerk: Agent) -> AppTest:
    return open_page("chat", agent=str(clerk.id))


def said(page: AppTest) -> list[str]:
    return [text.value for text in page.text if text.value.startswith("What is")]


def test_an_edited_message_begins_a_branch_and_the_other_stays(app: App, chat: AppTest):
    first = ask(app, chat, FIRST)
    other = say_instead(app, chat, first, SECOND)
    assert (other.parent_run_id, other.conversation_id) == (None, first.conversation_id)
    assert param(chat, "leaf") == str(other.id)
    assert said(chat) == [SECOND]
    assert "2/2" in shown(chat)
    chat.button(key=f"icon_earlier_chat_{other.id}").click().run()
    assert said(chat) == [FIRST]
    assert "1/2" in shown(chat)
    assert "5" in answers(chat)[-1]["text"]


def test_the_address_keeps_the_branch(app: App, chat: AppTest, open_page: Open):
    first = ask(app, chat, FIRST)
    say_instead(app, chat, first, SECOND)
    again = open_page("chat", conversation=str(first.conversation_id), leaf=str(first.id))
    assert said(again) == [FIRST]
    assert said(open_page("chat", conversation=str(first.conversation_id))) == [SECOND]


def test_what_is_said_next_replies_to_the_branch_that_is_shown(app: App, chat: AppTest):
    first = ask(app, chat, FIRST)
    other = say_instead(app, chat, first, SECOND)
    chat.button(key=f"icon_earlier_chat_{other.id}").click().run()
    third = ask(app, chat, "What is 6 + 7?")
    assert third.parent_run_id == first.id
    assert said(chat) == [FIRST, "What is 6 + 7?"]


def test_a_message_in_the_middle_takes_what_was_said_before_it(app: App, chat: AppTest):
    first = ask(app, chat, FIRST)
    second = ask(app, chat, SECOND)
    other = say_instead(app, chat, second, "What is 8 + 9?")
    assert other.parent_run_id == first.id
    assert said(chat) == [FIRST, "What is 8 + 9?"]


def test_cancel_leaves_everything_as_it_was(app: App, chat: AppTest):
    first = ask(app, chat, FIRST)
    chat.button(key=f"icon_edit_chat_{first.id}").click().run()
    next(one for one in chat.button if one.label == "Cancel").click().run()
    assert said(chat) == [FIRST]
    assert len(app.runs.list()) == 1


def test_a_refused_edit_keeps_what_was_typed(app: App, chat: AppTest):
    first = ask(app, chat, FIRST)
    chat.button(key=f"icon_edit_chat_{first.id}").click().run()
    chat.text_area(key=f"edit_text_chat_{first.id}").set_value("   ")
    next(one for one in chat.button if one.label == "Send").click().run()
    assert "Write a message first" in shown(chat)
    assert chat.text_area(key=f"edit_text_chat_{first.id}").value == "   "


def test_what_the_branch_left_behind_changed_is_named_before_and_after(app: App, open_page: Open):
    keeper = next(row.agent for row in app.agents.list() if row.agent.name == "Note keeper")
    chat = open_page("chat", agent=str(keeper.id))
    first = ask(app, chat, "Note: the key is under the blue flower pot.")
    assert first.totals.calls_executed == 1
    assert "undone" not in shown(chat)
    chat.button(key=f"icon_edit_chat_{first.id}").click().run()
    assert r"What you leave behind called **notebook\_write** once. That is not undone." in shown(chat)
    chat.text_area(key=f"edit_text_chat_{first.id}").set_value(SECOND)
    next(one for one in chat.button if one.label == "Send").click().run()
    rest(app)
    assert r"The other branch called **notebook\_write** once. Nothing of that is undone." in shown(chat.run())


def test_a_long_message_is_answered_again_whole(app: App, chat: AppTest):
    long = "Hello " + "x" * 5_000
    first = ask(app, chat, long)
    chat.button(key=f"icon_again_chat_{first.id}").click().run()
    second = rest(app)
    assert second.id != first.id
    assert app.runs.view(second.id).state.input == long
