"""Settings: the database with its backups, the workers, the limits."""

from sqlalchemy import text

from core.bootstrap import App
from core.domain.agent import AgentSpec
from core.domain.retention import Retention
from core.ids import new_id
from core.services.runs import StartRun
from tests.pages.conftest import Open
from tests.pages.looking import button, shown
from tests.services.test_proof_desk import until_over


def _screen(open_page: Open, section: str):
    return open_page("settings").segmented_control(key="section").set_value(section).run()


def test_a_backup_is_made_and_offered(app: App, open_page: Open):
    page = _screen(open_page, "Database")
    assert "No backup was made yet." in shown(page).replace("\\", "")
    page.text_input(key="backup_passphrase").set_value("correct horse").run()
    button(page, "Make a backup").click().run()
    until_over(app.backup_desk.progress)
    page = _screen(open_page, "Database")
    (file,) = app.backup_desk.files()
    assert "with the key of the secrets" in shown(page)
    assert file.name in shown(page).replace("\\", "")
    assert page.session_state["backup_passphrase"] == ""
    assert not page.exception


def test_who_works_and_what_stops_by_itself(app: App, open_page: Open):
    page = _screen(open_page, "Workers")
    assert "Busy with nothing" in shown(page)
    assert [metric.value for metric in page.metric] == ["0", "0", "0"]
    page = _screen(open_page, "Limits")
    assert "no limit set" in shown(page)
    assert not page.exception


def test_what_would_go_is_said_before_anything_goes(app: App, open_page: Open):
    page = _screen(open_page, "Retention")
    assert "Nothing is ever removed." in shown(page).replace("\\", "")
    page.number_input(key="retention_runs").set_value(30).run()
    assert "**0 runs** with 0 entries would go." in shown(page)
    assert page.button(key="retention_now").disabled
    app.retention.set(Retention(runs_days=30), "ada")
    page = _screen(open_page, "Retention")
    page.button(key="retention_now").click().run()
    until_over(app.retention.progress)
    assert "0 runs removed." in shown(_screen(open_page, "Retention"))


def test_a_run_that_is_gone_says_that_it_was_removed(app: App, open_page: Open, monkeypatch):
    monkeypatch.setattr("core.services.retention.first_id", lambda _at: "ffffffff-ffff-ffff-ffff-ffffffffffff")
    run = app.runs.test_tool("calculator", '{"expression": "6 * 7"}').value
    app.runs.wait(run.id, 15)
    with app._parts.engine.begin() as connection:
        connection.execute(text("UPDATE runs SET ended_at = ended_at - interval '40 days'"))
    app.retention.set(Retention(runs_days=30))
    assert sum(app.retention.sweep()) == 1
    assert "kept for 30 days" in shown(open_page("run", run=str(run.id))).replace("\\", "")


def test_a_held_run_says_why_it_stands_still(app: App, open_page: Open):
    start = StartRun(input="hi", endpoint="demo", spec=AgentSpec(), batch_id=new_id(), held=True)
    run = app.runs.start(start).value
    page = open_page("run", run=str(run.id))
    assert "It stands still" in page.warning[0].value
    assert app.runs.get(run.id).held
