"""An OpenAPI document on the screen: read, searched, picked, imported."""

import json

from streamlit.testing.v1 import AppTest

from core.bootstrap import App
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
