"""An OpenAPI document on the screen: read, searched, picked, imported."""

import json

from streamlit.testing.v1 import AppTest

from core.bootstrap import App
from tests.pages.conftest import Open
from tests.pages.looking import button, shown

PETS = {
    "openapi": "3.1.0",
    "info": {"title": "Pets"},
    "servers": [{"url": "https://pets.example"}],
    "security": [{"key": []}],
    "components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
    "paths": {
        "/pets": {"get": {"operationId": "listPets"}, "post": {"operationId": "addPet"}},
        "/cats": {"get": {"operationId": "listCats"}},
    },
    "webhooks": {"newPet": {"post": {}}},
}


def opened() -> None:
    """The dialog as the menu opens it."""
    from core.bootstrap import get_app
    from pages.components.tool_import import import_openapi

    import_openapi(get_app())


def field(page, label):
    return next(one for one in page.text_input if one.label == label)


def read(page, document):
    page.text_area[0].set_value(json.dumps(document))
    return button(page, "Read it").click().run()


def test_a_document_is_looked_at_and_what_is_searched_is_imported(app: App):
    page = read(AppTest.from_function(opened).run(), PETS)
    assert "**Pets** · 3 operations" in shown(page)
    assert app.tools.get("listPets") is None
    field(page, "Search operations").set_value("pets").run()
    button(page, "Import all 2 shown").click().run()
    assert {tool.name for tool in app.tools.list() if tool.kind == "openapi"} == {"listPets", "addPet"}
    assert "is not set yet" in shown(page)


def test_what_is_no_document_is_said(app: App):
    page = read(AppTest.from_function(opened).run(), {"paths": {}})
    assert "no 'openapi' field" in page.error[0].value
    assert not [tool for tool in app.tools.list() if tool.kind == "openapi"]


def test_a_changed_document_stands_on_home_and_is_accepted_by_words(app: App, open_page: Open):
    app.tools.import_openapi(json.dumps(PETS), "ann")
    listed = {"operationId": "listPets", "summary": "All pets at once."}
    app.api_documents.check("Pets", json.dumps(PETS | {"paths": {"/pets": {"get": listed}, "/dogs": {"get": {}}}}))
    page = open_page("home")
    assert "Pets: 3 operations changed since you accepted it" in shown(page)
    assert "GET /dogs" in shown(page.button(key="drift_Pets").click().run())
    page = open_page("tools", document="Pets")
    assert "it has it no more" in shown(page)
    page.button(key="accept_GET /pets").click().run()
    assert app.tools.get("listPets").description == "All pets at once."
    page.button(key="take_GET /dogs").click().run()
    button(page, "Accept all 2 changes").click().run()
    assert app.api_documents.get("Pets").changes == ()
    assert {tool.name for tool in app.tools.list() if tool.kind == "openapi"} == {"listPets", "get_dogs"}
    assert "As accepted" in shown(open_page("tools"))
