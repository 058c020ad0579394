"""Chat: what is sent, what is shown while it runs, and that the address is all that is needed to come back."""

from uuid import UUID

from msgspec import structs
from streamlit.testing.v1 import AppTest

from core.bootstrap import App
from core.domain.agent import Agent, Variable
from core.domain.result import Ok
from core.domain.run import Run
from core.services.runs import StartRun
from pages.components.window import SHOWN
from tests.pages.conftest import LONGEST_S, Open
from tests.pages.looking import answers, button, param, shown
from tests.pages.test_screens import a_run

QUESTION = "What is 17 % of 2,340?"


def newest(app: App) -> Run:
    return app.runs.list(limit=1)[0]


def finish(app: App) -> Run:
    """Wait until the newest run rests."""
    run = app.runs.wait(newest(app).id, LONGEST_S)
    assert run is not None
    return run


def test_a_question_is_answered_with_the_tool_call_in_between(app: App, open_page: Open, clerk: Agent):
    chat = open_page("chat", agent=str(clerk.id))
    chat.chat_input(key="composer").set_value(QUESTION).run()
    assert finish(app).status == "done"
    chat.run()
    assert QUESTION in shown(chat)
    assert "**calculator**" in shown(chat)
    assert "397.8" in answers(chat)[-1]["text"]
    assert not chat.chat_input(key="composer").disabled


def test_the_address_brings_the_conversation_back(app: App, open_page: Open, clerk: Agent):
    first = open_page("chat", agent=str(clerk.id))
    first.chat_input(key="composer").set_value(QUESTION).run()
    finish(app)
    again = open_page("chat", conversation=param(first, "conversation"))
    assert QUESTION in shown(again)
    assert "397.8" in answers(again)[-1]["text"]


def test_a_running_answer_is_listened_to_and_can_be_stopped(app: App, open_page: Open, clerk: Agent):
    chat = open_page("chat", agent=str(clerk.id))
    chat.chat_input(key="composer").set_value("Tell me everything about yourself").run()
    view = answers(chat)[-1]
    assert (view["listen"], view["run"]) == (True, str(newest(app).id))
    assert chat.chat_input(key="composer").disabled
    button(chat, "Stop").click().run()
    assert finish(app).status == "cancelled"
    chat.run()
    assert "Stopped" in shown(chat)
    assert not answers(chat) or not answers(chat)[-1]["listen"]


def test_try_again_answers_the_same_question_from_the_same_place(app: App, open_page: Open, clerk: Agent):
    chat = open_page("chat", agent=str(clerk.id))
    chat.chat_input(key="composer").set_value("Hello").run()
    app.runs.cancel(newest(app).id)
    first = finish(app)
    chat.run()
    label = "Try again" if first.status == "cancelled" else "Answer again"
    button(chat, label).click().run()
    second = finish(app)
    assert second.id != first.id
    assert (second.input, second.parent_run_id) == (first.input, first.parent_run_id)


def test_a_message_goes_behind_one_that_was_sent_after_the_page_was_drawn(app: App, open_page: Open, clerk: Agent):
    chat = open_page("chat", agent=str(clerk.id))
    chat.chat_input(key="composer").set_value(QUESTION).run()
    first = finish(app)
    chat.run()
    assert isinstance(app.runs.start(StartRun(input="Hello", conversation_id=first.conversation_id)), Ok)
    second = finish(app)

    chat.chat_input(key="composer").set_value("And once more").run()
    assert finish(app).parent_run_id == second.id


def test_a_starter_begins_the_conversation(app: App, open_page: Open, clerk: Agent):
    chat = open_page("chat", agent=str(clerk.id))
    starter = app.agents.live_spec(clerk).starters[0]
    chat.button(key="starter_0").click().run()
    assert finish(app).input == starter
    assert UUID(param(chat, "conversation")) == newest(app).conversation_id


def test_the_scripted_model_says_what_it_is(open_page: Open):
    assert "scripted, not AI" in shown(open_page("chat"))


def test_a_refused_message_is_not_lost(app: App, open_page: Open, clerk: Agent):
    chat = open_page("chat", agent=str(clerk.id))
    long = "x" * 1_000_001
    chat.chat_input(key="composer").set_value(long).run()
    assert "longer than 1,000,000 characters" in shown(chat)
    assert not app.runs.list(limit=1)
    assert chat.chat_input(key="composer").proto.value == long


def test_what_the_model_and_the_person_wrote_is_never_markup(app: App, open_page: Open, clerk: Agent):
    chat = open_page("chat", agent=str(clerk.id))
    chat.chat_input(key="composer").set_value("**bold** :red[x] <b>y</b> $5$").run()
    finish(app)
    chat.run()
    assert any(text.value == "**bold** :red[x] <b>y</b> $5$" for text in chat.text)


def test_an_unknown_conversation_is_said(open_page: Open):
    chat = open_page("chat", conversation="0199c0de-0000-7000-8000-000000000000")
    assert any("no such conversation" in warning.value for warning in chat.warning)


def talked(app: App, open_page: Open, clerk: Agent):
    chat = open_page("chat", agent=str(clerk.id))
    chat.chat_input(key="composer").set_value(QUESTION).run()
    finish(app)
    return chat.run()


def more(chat, option: str):
    return chat.get_by_key("conversation_more").click(option).run()


def test_a_conversation_is_shown_as_code(app: App, open_page: Open, clerk: Agent):
    chat = more(talked(app, open_page, clerk), "View as code")
    assert any("client.chat_completion(" in code.value for code in chat.code)
    assert any(QUESTION in code.value for code in chat.code)


def test_a_conversation_is_exported_both_ways(app: App, open_page: Open, clerk: Agent):
    chat = more(talked(app, open_page, clerk), "Export")
    assert {"Download Markdown", "Download JSON"} <= {one.label for one in chat.get("download_button")}


def test_an_archived_conversation_can_be_brought_back(app: App, open_page: Open, clerk: Agent):
    chat = talked(app, open_page, clerk)
    conversation = newest(app).conversation_id
    app.conversations.archive(conversation, "")
    button(chat.run(), "Bring back").click().run()
    assert [row.conversation.id for row in app.conversations.list()] == [conversation]


def test_the_list_of_conversations_says_where_the_words_stand(app: App, open_page: Open, clerk: Agent):
    chat = talked(app, open_page, clerk)
    chat.text_input(key="conversation_search").set_value("397").run()
    assert "= 397.8." in shown(chat)
    assert newest(app).conversation_id in [row.conversation.id for row in app.conversations.list(search="397")]


def test_a_long_conversation_is_drawn_from_its_newest_messages(app: App, open_page: Open, clerk: Agent):
    conversation = app.conversations.create(clerk.id, "", title="Sums")
    runs = [a_sum(app, conversation.id, number) for number in range(SHOWN + 1)]
    chat = open_page("chat", conversation=str(conversation.id))
    assert questions(chat) == [run.input for run in runs[1:]]
    button(chat, "Show earlier messages (1 turn)").click().run()
    assert questions(chat) == [run.input for run in runs]

    found = open_page("chat", conversation=str(conversation.id), run=str(runs[0].id))
    assert questions(found) == [run.input for run in runs], "what a search found is among what is drawn"


def a_sum(app: App, conversation_id: UUID, number: int) -> Run:
    started = app.runs.start(StartRun(input=f"What is {number} + 1?", conversation_id=conversation_id))
    assert isinstance(started, Ok)
    finish(app)
    return started.value


def questions(chat: AppTest) -> list[str]:
    return [text.value for text in chat.text if text.value.startswith("What is ")]


def test_an_answer_is_praised_and_the_praise_taken_back(app: App, open_page: Open, clerk):
    run = a_run(app, clerk.id)
    page = open_page("chat", conversation=str(run.conversation_id))
    button(page, "Good answer").click().run()
    assert app.verdicts.of([run.id], "") == {run.id: True}
    button(page, "Bad answer").click().run()
    assert app.verdicts.of([run.id], "") == {run.id: False}
    button(page, "Bad answer: take it back").click().run()
    assert app.verdicts.of([run.id], "") == {}


def add_dialog(run_id):
    """The dialog as an answer's button opens it."""
    from core.bootstrap import get_app
    from pages.components.add_to_dataset import add_answer

    add_answer(get_app(), run_id)


def test_a_finished_answer_becomes_an_item_of_a_dataset(app: App, open_page: Open, clerk: Agent):
    spec = structs.replace(
        app.agents.live_spec(clerk), instructions="Answer in {{tongue}}.", variables=(Variable(name="tongue"),)
    )
    agent = app.agents.create("Linguist", spec, "ann").value
    talk = app.conversations.create(agent.id, "ann")
    start = StartRun(input=QUESTION, agent_id=agent.id, conversation_id=talk.id, variables={"tongue": "Marathi"})
    app.runs.start(start)
    run = finish(app)
    dataset = app.datasets.create("Sums", "ann").value
    chat = open_page("chat", conversation=str(talk.id))
    chat.button(key=f"icon_add_chat_{run.id}").click().run()
    assert chat.selectbox(key=f"add_to_{run.id}").value == "Sums"
    assert param(chat, "conversation") == str(talk.id)
    dialog = AppTest.from_function(add_dialog, kwargs={"run_id": run.id}).run()
    button(dialog, "Add").click().run()
    assert not dialog.exception
    (item,) = (numbered.item for numbered in app.datasets.items(dataset.id))
    assert (item.input, item.variables) == (QUESTION, {"tongue": "Marathi"})
    assert "397.8" in item.expected
