import json
import signal
from collections import Counter
from uuid import UUID

import pytest

from core.bootstrap import build
from core.engine.invariants import faults
from tests.support.evaluations import asked, echo
from tests.support.scripted import ScriptedServer, text

PLAN = """
name: Echo
dataset: Words
variants:
  - name: plain
    spec: {endpoint: scripted}
  - name: polite
    spec: {endpoint: scripted, instructions: Sir}
evaluators:
  - kind: exact
repeats: 2
parallel: 6
"""


@pytest.fixture
def server(add_endpoint):
    with ScriptedServer(respond=echo) as server:
        add_endpoint("scripted", server.base_url)
        yield server


@pytest.fixture
def plan(cli, tmp_path, server):
    """A file of an evaluation of so many items, its dataset imported."""

    def plan(items: int, plan: str = PLAN) -> str:
        rows = "".join(f"word{number},word{number}\n" for number in range(items))
        (tmp_path / "words.csv").write_text(f"input,expected\n{rows}")
        assert cli("dataset", "import", "Words", str(tmp_path / "words.csv")).code == 0
        (tmp_path / "echo.yaml").write_text(plan)
        return str(tmp_path / "echo.yaml")

    return plan


def test_an_evaluation_is_run_from_a_file_and_told(cli, plan, server):
    ended = cli("evaluation", "run", plan(8), "--json")
    last = ended.lines[-1]
    shown = cli("evaluation", "show", last["evaluation_id"], "--json").json
    table = cli("evaluation", "show", last["evaluation_id"])
    exported = cli("evaluation", "export", last["evaluation_id"], "--format", "json").json
    sheet = cli("evaluation", "export", last["evaluation_id"])

    assert ended.code == 0
    assert "32 runs, 32 model calls, cost at most: not known." in ended.err
    assert (last["status"], last["cells"], last["ended"]) == ("done", 32, 32)
    assert [(one["name"], one["pass_rate"]) for one in last["variants"]] == [("plain", 1.0), ("polite", 0.0)]
    assert last["differences"][0]["says"] == "worse"
    assert shown["variants"] == last["variants"]
    assert "100.0%" in table.out
    assert "polite is worse than plain" in table.out
    assert len(exported) == 32
    assert exported[0]["scores"][0]["evaluator"] == "exact"
    assert sheet.out.splitlines()[0] == "variant,item,repeat,status,passed,output,seconds,tokens,cost_usd,exact,run_id"
    assert [row["status"] for row in cli("evaluation", "list", "--json").json] == ["done"]
    assert len(server.requests) == 32


def test_below_the_minimum_the_command_fails(cli, plan):
    low = cli("evaluation", "run", plan(2, PLAN + "minimum: 0.5\n"))

    assert low.code == 1
    assert "polite stays below the minimum of 50%" in low.err
    assert "plain stays below" not in low.err


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("dataset: Words", "dataset: Nothing"), "no dataset named Nothing"),
        (("kind: exact", "kind: exactly"), "evaluators, item 1: kind is one of"),
        (("kind: exact", "kind: regex\n    pattern: '('"), "no pattern"),
        (("kind: exact", "kind: exact\n    ignore: true"), "'ignore' is not known"),
        (("repeats: 2", "repeat: 2"), "'repeat' is not known here; perhaps 'repeats'"),
        (("spec: {endpoint: scripted}", "agent: Nobody"), "variants, item 1: there is no agent named Nobody"),
        (("spec: {endpoint: scripted}", "changes: {modell: x}"), "'modell' is not known"),
        (("parallel: 6", "ceiling_usd: 1.0"), "price of scripted is not known"),
    ],
)
def test_a_file_that_cannot_be_run_says_what_is_wrong(cli, plan, change, said):
    refused = cli("evaluation", "run", plan(1, PLAN.replace(*change)))

    assert refused.code == 2
    assert said in refused.err


def test_what_is_not_there_is_said(cli):
    assert cli("evaluation", "show", "nonsense").code == 2
    assert cli("evaluation", "run").code == 2
    assert cli("evaluation", "run", "--resume", "01890a5d-ac96-774b-bcce-b302099a8057").code == 2


def test_ctrl_c_pauses_and_resume_goes_on(spawn, cli, plan, server):
    file = plan(30)
    process = spawn("evaluation", "run", file, "--json")
    server.wait_for(10, 30)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    paused = json.loads(out.splitlines()[-1])

    assert (process.returncode, paused["status"]) == (4, "paused")
    assert "--resume" in err.decode()
    resumed = cli("evaluation", "run", "--resume", paused["evaluation_id"], "--json")
    assert (resumed.code, resumed.lines[-1]["ended"]) == (0, 120)


def test_two_hundred_cells_killed_twice_and_no_cell_is_paid_twice(spawn, cli, plan, settings, add_endpoint):
    file = plan(50, PLAN.replace("scripted", "slow"))
    with ScriptedServer(respond=lambda request: text(asked(request), " ", " ").paced(0.02)) as slow:
        add_endpoint("slow", slow.base_url)
        first = spawn("evaluation", "run", file, "--json")
        slow.wait_for(60, 60)
        first.kill()
        first.wait()
        evaluation_id = cli("evaluation", "list", "--json").json[0]["evaluation_id"]
        done_before = done_cells(cli, evaluation_id)
        second = spawn("evaluation", "run", "--resume", evaluation_id, "--json")
        slow.wait_for(140, 60)
        second.kill()
        second.wait()
        done_between = done_cells(cli, evaluation_id)
        ended = cli("evaluation", "run", file, "--resume", evaluation_id, "--json")
        cells = cli("evaluation", "export", evaluation_id, "--format", "json").json

    assert (ended.code, ended.lines[-1]["status"], ended.lines[-1]["ended"]) == (0, "done", 200)
    assert 0 < len(done_before) < len(done_between) < 200
    assert done_before.items() <= done_between.items() <= done_cells(cli, evaluation_id).items()
    assert len({cell["run_id"] for cell in cells}) == 200
    attempts = asked_of(settings, [cell["run_id"] for cell in cells])
    again = {run_id for run_id, count in attempts.items() if count > 1}
    assert not again & {*done_before.values()}
    assert 200 <= len(slow.requests) <= sum(attempts.values())  # a process may die between an intent and its request
    assert len(again) <= 12
    assert Counter(cell["status"] for cell in cells) == {"done": 200}


def done_cells(cli, evaluation_id):
    """The runs of the cells that are done."""
    cells = cli("evaluation", "export", evaluation_id, "--format", "json").json
    return {
        (cell["variant"], cell["item"], cell["repeat"]): cell["run_id"] for cell in cells if cell["status"] == "done"
    }


def asked_of(settings, run_ids):
    """How often each run asked its model; their journals must be without fault."""
    app = build(settings, adopt=False)
    views = app.runs.views(UUID(run_id) for run_id in run_ids)
    app.close()
    assert [faults(view.events) for view in views] == [[]] * len(run_ids)
    return {str(view.run.id): sum(len(step.model.attempts) for step in view.state.steps) for view in views}
