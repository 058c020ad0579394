"""The schema of an answer in the editor, and what a chat shows of an answer that fits or does not."""

import pytest

from core.bootstrap import App
from core.domain.agent import Agent, AgentSpec, Parameters
from core.domain.result import Ok
from core.services.runs import StartRun
from pages.components.structured import as_table
from tests.pages.conftest import LONGEST_S, Open
from tests.pages.looking import answers, button, shown
from tests.pages.test_editor import draft_of, editor, widget
from tests.support.scripted import MODEL, ScriptedServer, status, text

SCHEMA = {
    "type": "object",
    "properties": {"price": {"type": "string"}, "tags": {"type": "array", "items": {"type": "string"}}},
    "required": ["price"],
    "additionalProperties": False,
}


def schema_of(app: App, agent: Agent):
    return app.agents.spec(app.agents.get(agent.id)).parameters.response_schema


def with_schema(app: App, agent: Agent, schema):
    spec = app.agents.spec(agent)
    parameters = Parameters(response_schema=schema)
    assert isinstance(
        app.agents.save_draft(agent.id, AgentSpec(instructions=spec.instructions, parameters=parameters), ""), Ok
    )


def test_a_schema_is_made_from_fields_alone(app: App, open_page: Open, clerk: Agent):
    page = editor(open_page, clerk, "Model")
    widget(page, "segmented_control", "answer_format").set_value("schema").run()
    widget(page, "text_input", "schema_0_name").set_value("price").run()
    widget(page, "selectbox", "schema_0_kind").set_value(("number", False)).run()
    widget(page, "text_input", "schema_0_description").set_value("In euros").run()
    widget(page, "button", "schema__add").click().run()
    widget(page, "selectbox", "schema_1_kind").set_value(("choice", True)).run()
    widget(page, "text_input", "schema_1_choices").set_value("red, blue, red").run()
    widget(page, "checkbox", "schema_1_required").uncheck().run()
    assert schema_of(app, clerk) == {
        "type": "object",
        "properties": {
            "price": {"type": "number", "description": "In euros"},
            "field_1": {"type": "array", "items": {"type": "string", "enum": ["red", "blue"]}},
        },
        "required": ["price"],
        "additionalProperties": False,
    }


def test_objects_hold_fields_of_their_own(app: App, open_page: Open, clerk: Agent):
    with_schema(app, clerk, SCHEMA)
    page = editor(open_page, clerk, "Model")
    widget(page, "selectbox", "schema_1_kind").set_value(("object", False)).run()
    widget(page, "button", "schema_1_add").click().run()
    widget(page, "text_input", "schema_1_0_name").set_value("size").run()
    assert schema_of(app, clerk)["properties"]["tags"]["properties"] == {"size": {"type": "string"}}
    widget(page, "button", "icon_schema_0_drop").click().run()
    assert list(schema_of(app, clerk)["properties"]) == ["tags"]
    assert widget(page, "text_input", "schema_0_name").value == "tags"


@pytest.mark.parametrize(("name", "words"), [("tags", "Another field is named tags"), (" ", "A field needs a name")])
def test_a_name_that_cannot_be_is_said_at_once_and_not_saved(app: App, open_page: Open, clerk: Agent, name, words):
    with_schema(app, clerk, SCHEMA)
    page = editor(open_page, clerk, "Model")
    widget(page, "text_input", "schema_0_name").set_value(name).run()
    assert words in shown(page)
    assert schema_of(app, clerk) == SCHEMA


def test_form_and_json_are_in_step(app: App, open_page: Open, clerk: Agent):
    with_schema(app, clerk, SCHEMA)
    page = editor(open_page, clerk, "Model")
    widget(page, "text_input", "schema_0_name").set_value("cost").run()
    widget(page, "segmented_control", "schema_view").set_value("JSON").run()
    typed = widget(page, "text_area", "response_schema")
    assert '"cost"' in typed.value
    typed.set_value(typed.value.replace("cost", "value")).run()
    widget(page, "segmented_control", "schema_view").set_value("Fields").run()
    assert widget(page, "text_input", "schema_0_name").value == "value"


@pytest.mark.parametrize(
    ("text", "words"),
    [('{"type": ', "not a JSON object yet"), ("[]", "not a JSON object yet"), ('{"type": "objekt"}', "objekt")],
)
def test_a_faulty_schema_is_said_at_once_and_not_saved(app: App, open_page: Open, clerk: Agent, text, words):
    with_schema(app, clerk, SCHEMA)
    page = editor(open_page, clerk, "Model")
    widget(page, "segmented_control", "schema_view").set_value("JSON").run()
    widget(page, "text_area", "response_schema").set_value(text).run()
    assert words in shown(page)
    assert schema_of(app, clerk) == SCHEMA


def test_a_schema_that_the_form_cannot_show_opens_as_json(app: App, open_page: Open, clerk: Agent):
    with_schema(app, clerk, {"type": "object", "minProperties": 1})
    page = editor(open_page, clerk, "Model")
    assert '"minProperties"' in widget(page, "text_area", "response_schema").value
    widget(page, "segmented_control", "schema_view").set_value("Fields").run()
    assert "says more than the form can show" in shown(page)


def test_leaving_the_schema_and_coming_back_keeps_it(app: App, open_page: Open, clerk: Agent):
    with_schema(app, clerk, SCHEMA)
    page = editor(open_page, clerk, "Model")
    widget(page, "segmented_control", "answer_format").set_value("object").run()
    given = draft_of(app, clerk).parameters
    assert (given.response_schema, given.json_object) == (None, True)
    widget(page, "segmented_control", "answer_format").set_value("schema").run()
    assert schema_of(app, clerk) == SCHEMA


@pytest.mark.parametrize("screen", ["chat", "run"])
@pytest.mark.parametrize(
    ("answer", "there"),
    [
        ('{"price": "<b>12</b>", "tags": []}', '<th scope="row">price</th><td>&lt;b&gt;12&lt;/b&gt;</td>'),
        ('{"price": 12}', "answer.price: 12 is not a string"),
    ],
)
def test_an_answer_is_a_table_or_says_where_it_does_not_fit(
    app: App, open_page: Open, clerk: Agent, screen, answer, there
):
    with ScriptedServer(text(answer)) as server:
        app.endpoints.add("scripted", server.base_url, "", model=MODEL)
        talk = app.conversations.create(clerk.id, "", title="Offer")
        spec = AgentSpec(endpoint="scripted", parameters=Parameters(response_schema=SCHEMA))
        run = app.runs.start(StartRun(input="?", agent_id=clerk.id, spec=spec, conversation_id=talk.id)).value
        app.runs.wait(run.id, LONGEST_S)
    address = {"conversation": str(talk.id)} if screen == "chat" else {"run": str(run.id)}
    page = open_page(screen, **address)
    seen = shown(page)
    assert there in seen
    assert [one["text"] for one in answers(page) if one.get("text") and "streaming" in one] == (
        [] if "<b>" in answer else [answer]
    )
    assert ("does not fit its schema" in seen) == ("<b>" not in answer)
    if screen == "run":
        details = page.segmented_control(key="details")
        details.set_value("Received").run()
        assert ("fits what was asked for" in shown(page)) == ("<b>" in answer)


def test_values_as_a_table():
    assert as_table({}) == as_table([]) == "<i>none</i>"
    assert as_table({"a": None, "b": True, "c": ""}).count("<i>") == 2
    listed = as_table([{"x": 1, "y": "<"}, {"x": 12345678901234567890}])
    assert '<th scope="col">x</th><th scope="col">y</th>' in listed
    assert "<td>1</td><td>&lt;</td>" in listed
    assert "<td>12345678901234567890</td><td></td>" in listed
    assert as_table([{"x": [1]}]).count("<table") == 3


def test_the_button_that_adds_a_field_is_named(app: App, open_page: Open, clerk: Agent):
    with_schema(app, clerk, {"type": "object", "properties": {}})
    page = editor(open_page, clerk, "Model")
    button(page, "Add a field").click().run()
    assert list(schema_of(app, clerk)["properties"]) == ["field_1"]


@pytest.mark.parametrize("able", [True, False])
def test_a_model_that_does_not_keep_to_schemas_is_named(app: App, open_page: Open, clerk: Agent, able):
    told = status(200, {"data": [{"id": MODEL, "supports_structured_outputs": able}]})
    with ScriptedServer(listing=told) as server:
        app.endpoints.add("scripted", server.base_url, "", model=MODEL)
        app.endpoints.catalogue("scripted")
        spec = AgentSpec(endpoint="scripted", parameters=Parameters(response_schema=SCHEMA))
        app.agents.save_draft(clerk.id, spec, "")
        page = editor(open_page, clerk, "Model")
    assert ("does not keep to a form" in shown(page)) is not able
