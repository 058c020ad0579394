"""Settings in a real browser: a backup is made and downloaded, what is too old goes after a question."""

import zipfile
from pathlib import Path

from playwright.sync_api import Page, expect
from sqlalchemy import text

from core.domain.retention import Retention
from tests.e2e.conftest import RunningApp
from tests.e2e.steps import idle, visit


def test_a_backup_is_made_and_downloaded(app: RunningApp, page: Page, tmp_path: Path):
    visit(page, f"{app.url}/settings?section=Database")
    page.get_by_role("button", name="Make a backup").click()
    expect(page.get_by_text("The last backup")).to_be_visible()
    with page.expect_download() as begun:
        page.get_by_role("link", name="Download").first.click()
    begun.value.save_as(tmp_path / "b.zip")
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        assert {"manifest.json", "tables/runs.copy", "tables/agents.copy"} <= set(archive.namelist())
    page.get_by_role("button", name="Delete").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("link", name="Download")).to_have_count(0)


def test_what_is_too_old_goes_after_a_question(app: RunningApp, page: Page):
    with app.inside() as core:
        run = core.runs.test_tool("calculator", '{"expression": "6 * 7"}').value
        core.runs.wait(run.id, 15)
        with core._parts.engine.begin() as connection:
            # Older than its id says, which the search goes by: so only the preview is about it, and nothing is removed.
            connection.execute(text("UPDATE runs SET ended_at = ended_at - interval '40 days'"))
        visit(page, f"{app.url}/settings?section=Retention")
        expect(page.get_by_text("Nothing is ever removed.")).to_be_visible()
        field = page.get_by_label("Keep runs for, in days after they ended")
        field.fill("30")
        field.press("Enter")
        idle(page)
        page.get_by_role("button", name="Keep it like this").click()
        page.get_by_role("dialog").get_by_role("button", name="Remove what is older").click()
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.get_by_role("button", name="Remove now").click()
        expect(page.get_by_text("0 runs removed.")).to_be_visible()
        assert core.retention.policy() == Retention(runs_days=30)
        assert core.runs.get(run.id) is not None
        core.retention.set(Retention())
