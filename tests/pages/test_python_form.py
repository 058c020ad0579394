"""A Python function on the screen: typed, read, tried, kept, edited."""

from core.bootstrap import App
from tests.pages.conftest import LONGEST_S, Open
from tests.pages.looking import button, param, shown

CODE = '''def double(n: int) -> int:
    """Twice a number."""
    return n * 2
'''


def test_a_function_is_written_tried_and_kept(app: App, open_page: Open):
    page = open_page("tools", new="python")
    page.text_area(key="python_code_").set_value("def double(n):\n    return n").run()
    assert "n has no type" in page.warning[0].value
    page.text_area(key="python_code_").set_value(CODE).run()
    assert "Twice a number." in shown(page)
    page.text_input(key="trial_double_n").set_value("21")
    button(page, "Call it").click().run()
    app.runs.wait(app.runs.list(limit=1)[0].id, LONGEST_S)
    assert "42" in shown(page.run())
    assert app.tools.get("double") is None
    assert open_page("tools", new="python").text_area(key="python_code_").value == CODE

    button(page, "Save").click().run()
    assert param(page, "tool") == "double"
    assert app.tools.get("double").kind == "python"
    assert app.python_tools.draft("", "") is None

    page = open_page("tools", edit="double")
    page.text_area(key="python_code_double").set_value(CODE.replace("* 2", "* 3")).run()
    button(page, "Save").click().run()
    assert "* 3" in app.tools.get("double").definition["code"]


def test_what_the_sandbox_does_not_take_is_not_kept(app: App, open_page: Open):
    page = open_page("tools", new="python")
    page.text_area(key="python_code_").set_value("import nowhere_to_be_found\n\n" + CODE).run()
    button(page, "Save").click().run()
    assert "The sandbox does not take it" in page.error[0].value
    assert app.tools.get("double") is None
