"""Gates at the command line: a file of a gated agent is kept and not live, until it is proved or passed over."""

import pytest

from core.bootstrap import build
from core.domain.evaluator import Exact
from core.domain.gate import Gate
from tests.support.evaluations import echo
from tests.support.scripted import ScriptedServer

AGENT = "name: Clerk\nspec: {endpoint: scripted, model: first}\n"
PLAN = """
name: Is it exact?
dataset: Words
variants: [{agent: Clerk, revision: 2}]
evaluators: [{kind: exact}]
"""


@pytest.fixture
def gated(cli, settings, tmp_path, add_endpoint):
    """A file of an agent; a gate stands before what comes after its first revision."""
    file = tmp_path / "clerk.yaml"
    file.write_text(AGENT)
    (tmp_path / "words.csv").write_text("input,expected\none,one\ntwo,two\n")
    with ScriptedServer(respond=echo) as server:
        add_endpoint("scripted", server.base_url)
        assert cli("agent", "import", str(file)).code == 0
        assert cli("dataset", "import", "Words", str(tmp_path / "words.csv")).code == 0
        app = build(settings, adopt=False)
        gate = Gate(dataset_id=app.datasets.by_name("Words").id, evaluators=(Exact(),), minimum=1.0)
        app.gates.set(app.agents.by_name("Clerk").id, gate, "ada")
        app.close()
        file.write_text(AGENT.replace("first", "second"))
        yield file


def live(cli):
    return cli("agent", "show", "Clerk", "--json").json["revision"]


def test_what_is_imported_waits_until_an_evaluation_proved_it(cli, gated, tmp_path):
    imported = cli("agent", "import", str(gated))
    again = cli("agent", "import", str(gated), "--json")
    held = cli("agent", "live", "Clerk", "2")
    (tmp_path / "plan.yaml").write_text(PLAN)
    evaluated = cli("evaluation", "run", str(tmp_path / "plan.yaml"))

    assert (imported.code, imported.out) == (1, "Clerk: revision 2 is kept, and is not live.\n")
    assert "The gate asks for 100 % of Words" in imported.err
    assert (again.code, again.json["new_revision"], again.json["live"]) == (1, False, False)
    assert (held.code, evaluated.code) == (1, 0)
    assert cli("agent", "live", "Clerk", "2").out == "Clerk: revision 2 is live.\n"
    assert live(cli) == 2


def test_a_reason_lets_it_through(cli, gated):
    cli("agent", "import", str(gated))

    assert cli("agent", "live", "Clerk", "2", "--reason", "A customer waits.").code == 0
    assert live(cli) == 2
    assert cli("agent", "live", "Clerk", "9").code == 2
