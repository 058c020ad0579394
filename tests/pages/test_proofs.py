"""Settings, Proofs: begun with a button, watched row by row, found again after a reload."""

from sqlalchemy import text
from streamlit.testing.v1 import AppTest

from core.bootstrap import App
from tests.pages.conftest import Open
from tests.pages.looking import button, shown
from tests.services.test_proof_desk import until_over


def _screen(open_page: Open) -> AppTest:
    return open_page("settings").segmented_control(key="section").set_value("Proofs").run()


def test_a_drill_is_run_and_found_again(app: App, open_page: Open):
    page = _screen(open_page)
    button(page, "Run the drill").click().run()
    assert app.proof_desk.drill().is_running
    again = _screen(open_page)
    assert "Stop" in [one.label for one in again.button]
    progress = until_over(app.proof_desk.drill)
    assert [row.verdict for row in progress.found] == ["ok"] * progress.expected
    page = _screen(open_page)
    assert "0 duplicated, 0 lost" in shown(page).replace("\\", "")
    assert list(page.dataframe[0].value["verdict"]) == ["ok"] * progress.expected


def test_a_changed_journal_is_named(app: App, open_page: Open):
    run = app.runs.test_tool("calculator", '{"expression": "1 + 1"}').value
    app.runs.wait(run.id, 10)
    page = _screen(open_page)
    button(page, "Check every run").click().run()
    until_over(app.proof_desk.check)
    assert "every hash is right" in shown(_screen(open_page))
    with app._parts.engine.begin() as connection:
        connection.execute(text("ALTER TABLE run_events DISABLE TRIGGER USER"))
        connection.execute(
            text('UPDATE run_events SET body = \'{"kind":"ended","status":"done"}\' WHERE kind = \'ended\'')
        )
    app.proof_desk.begin_check()
    until_over(app.proof_desk.check)
    assert "A journal was changed" in shown(_screen(open_page))
