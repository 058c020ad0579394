import threading

import pytest
from msgspec.structs import replace

from core.domain.agent import AgentSpec, Limits
from core.domain.result import Err, Ok
from core.domain.spec_check import problems
from core.domain.template import render
from core.domain.tool import ToolChoice
from core.ids import new_id
from core.services.agents import AgentService
from core.services.samples import seed
from core.services.templates import samples, templates

SPEC = AgentSpec(instructions="Be brief.", tools=(ToolChoice("calculator"),))
OTHER = AgentSpec(instructions="Be very brief.")


@pytest.fixture
def agents(engine):
    return AgentService(engine)


@pytest.fixture
def clerk(agents):
    return agents.create(" Clerk ", SPEC, "ada", " Counts ", "🧮", (" math", "math", "")).value


def test_a_new_agent_is_live_at_once(agents, clerk):
    assert (clerk.name, clerk.description, clerk.tags) == ("Clerk", "Counts", ("math",))
    assert (clerk.live_revision, clerk.draft) == (1, None)
    assert agents.get(clerk.id) == agents.by_name("Clerk") == clerk
    assert agents.live_spec(clerk) == agents.spec(clerk) == agents.spec(clerk, 1) == SPEC
    assert [row.agent for row in agents.list()] == [clerk]


def test_what_is_wrong_with_a_new_agent_is_said(agents, clerk):
    assert agents.create("Clerk", SPEC, "ada").field == "name"
    assert agents.create("  ", SPEC, "ada").field == "name"
    assert agents.create("Other", AgentSpec(instructions="{{x}}"), "ada").field == "instructions"
    assert [row.agent for row in agents.list()] == [clerk], "a refused agent leaves nothing behind"


def test_a_draft_becomes_the_live_revision(agents, clerk):
    drafted = agents.save_draft(clerk.id, OTHER, "ada").value
    assert agents.spec(drafted) == OTHER
    assert agents.live_spec(drafted) == SPEC
    saved = agents.save_revision(clerk.id, "bob", " shorter ").value
    assert (saved.is_new, saved.revision.number, saved.revision.note, saved.revision.author) == (
        True,
        2,
        "shorter",
        "bob",
    )
    agent = agents.get(clerk.id)
    assert (agent.live_revision, agent.draft, agents.live_spec(agent)) == (2, None, OTHER)
    assert [revision.number for revision in agents.revisions(clerk.id)] == [2, 1]


def test_a_save_that_changes_nothing_makes_no_revision(agents, clerk):
    assert agents.save_revision(clerk.id, "ada").value.is_new is False
    agents.save_draft(clerk.id, OTHER, "ada")
    assert agents.save_draft(clerk.id, SPEC, "ada").value.draft is None
    assert agents.save_revision(clerk.id, "ada").value.is_new is False
    assert len(agents.revisions(clerk.id)) == 1


def test_a_draft_may_be_wrong_and_a_revision_may_not(agents, clerk):
    assert isinstance(agents.save_draft(clerk.id, AgentSpec(limits=Limits(steps=0)), "ada"), Ok)
    assert agents.save_revision(clerk.id, "ada").field == "limits"
    assert agents.discard_draft(clerk.id, "ada").value.draft is None


def test_saving_the_same_draft_again_touches_nothing(agents, clerk):
    drafted = agents.save_draft(clerk.id, OTHER, "ada").value
    assert agents.save_draft(clerk.id, OTHER, "ada").value == drafted


def test_restore_makes_a_draft(agents, clerk):
    agents.save_draft(clerk.id, OTHER, "ada")
    agents.save_revision(clerk.id, "ada")
    restored = agents.restore(clerk.id, 1, "ada").value
    assert (restored.live_revision, restored.draft) == (2, SPEC)
    assert agents.restore(clerk.id, 2, "ada").value.draft is None
    assert agents.restore(clerk.id, 9, "ada").kind == "not_found"


def test_two_who_save_at_once_make_one_revision(agents, clerk):
    agents.save_draft(clerk.id, OTHER, "ada")
    start, saved = threading.Barrier(4), []

    def save():
        start.wait()
        saved.append(agents.save_revision(clerk.id, "ada").value)

    threads = [threading.Thread(target=save) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.is_new for one in saved) == [False, False, False, True]
    assert {one.revision.number for one in saved} == {2}


def test_details_change_without_a_revision(agents, clerk):
    changed = agents.update_details(clerk.id, "bob", name="Count", tags=("a", "b")).value
    assert (changed.name, changed.tags, changed.description, changed.live_revision) == (
        "Count",
        ("a", "b"),
        "Counts",
        1,
    )
    agents.create("Other", SPEC, "ada")
    assert agents.update_details(clerk.id, "bob", name="Other").kind == "conflict"


def test_an_archived_agent_is_only_listed_among_its_kind(agents, clerk):
    agents.archive(clerk.id, "ada")
    assert agents.list() == []
    assert [row.agent.name for row in agents.list(archived=True)] == ["Clerk"]
    agents.archive(clerk.id, "ada", archived=False)
    assert [row.agent.name for row in agents.list()] == ["Clerk"]


def test_a_copy_has_the_spec_and_the_draft_and_no_history(agents, clerk):
    agents.save_draft(clerk.id, OTHER, "ada")
    copies = [agents.duplicate(clerk.id, "bob").value for _ in range(2)]
    assert [copy.name for copy in copies] == ["Clerk copy", "Clerk copy 2"]
    assert (copies[0].draft, agents.live_spec(copies[0]), copies[0].avatar) == (OTHER, SPEC, "🧮")
    assert len(agents.revisions(copies[0].id)) == 1


def test_nobody(agents):
    ghost = new_id()
    assert agents.get(ghost) is None
    assert agents.by_name("ghost") is None
    for refused in (
        agents.duplicate(ghost, "ada"),
        agents.save_draft(ghost, SPEC, "ada"),
        agents.discard_draft(ghost, "ada"),
        agents.save_revision(ghost, "ada"),
        agents.archive(ghost, "ada"),
        agents.update_details(ghost, "ada", name="x"),
        agents.export_yaml(ghost),
        agents.from_template("ghost", "ada"),
    ):
        assert isinstance(refused, Err)
        assert refused.kind == "not_found"


def test_importing_a_file_twice_makes_no_new_revision(agents, clerk):
    text = agents.export_yaml(clerk.id).value
    again = agents.import_yaml(text, "bob").value
    assert (again.agent.id, again.revision_number, again.is_new) == (clerk.id, 1, False)
    changed = text.replace("Be brief.", "Be kind.").replace("Counts", "Counts more")
    first, second = (agents.import_yaml(changed, "bob").value for _ in range(2))
    assert (first.revision_number, first.is_new) == (2, True)
    assert (second.revision_number, second.is_new) == (2, False)
    assert agents.get(clerk.id).description == "Counts more"


def test_importing_somebody_new(agents, clerk):
    text = agents.export_yaml(clerk.id).value.replace("name: Clerk", "name: Cousin")
    imported = agents.import_yaml(text, "bob").value
    assert (imported.agent.name, imported.revision_number, imported.is_new) == ("Cousin", 1, True)
    assert agents.live_spec(imported.agent) == SPEC


def test_an_import_keeps_the_draft_and_brings_an_archived_agent_back(agents, clerk):
    agents.save_draft(clerk.id, OTHER, "ada")
    agents.archive(clerk.id, "ada")
    text = agents.export_yaml(clerk.id).value
    agent = agents.import_yaml(text.replace("Be brief.", "Be kind."), "bob").value.agent
    assert (agent.draft, agent.live_revision, agent.archived) == (OTHER, 2, False)
    assert (
        agents.import_yaml(
            text.replace("Be brief.", "Be very brief.").replace("  tools:\n    - name: calculator\n", ""), "x"
        ).value.agent.draft
        is None
    )


def test_an_export_is_of_a_revision_never_of_the_draft(agents, clerk):
    agents.save_draft(clerk.id, OTHER, "ada")
    assert "Be brief." in agents.export_yaml(clerk.id).value
    agents.save_revision(clerk.id, "ada")
    assert "Be very brief." in agents.export_yaml(clerk.id).value
    assert "Be brief." in agents.export_yaml(clerk.id, 1).value
    assert agents.export_yaml(clerk.id, 7).field == "revision"


def test_a_file_with_a_fault_changes_nothing(agents):
    assert agents.import_yaml("name: x\nspecs: {}", "ada").kind == "invalid"
    assert agents.list() == []


def test_every_template_makes_an_agent(agents):
    for template in templates():
        made = agents.from_template(template.name, "ada").value
        assert made.name == template.title
        assert agents.live_spec(made) == template.spec
    assert agents.from_template("planner", "ada").value.name == "Planner 2"
    assert len(agents.list()) == len(templates()) + 1 >= 9


@pytest.mark.parametrize("spec", [*(t.spec for t in templates()), *(file.spec for file in samples())])
def test_templates_and_samples_work_without_a_value_given(spec):
    assert problems(spec) == ()
    assert render(spec.instructions, spec.variables, {}).is_complete
    assert spec.starters


def test_variables_of_templates_are_used():
    for template in templates():
        unused = [v for v in template.spec.variables if f"{{{{{v.name}}}}}" not in template.spec.instructions]
        assert unused == [], template.name


def test_samples_are_put_there_once_and_never_again(engine, agents):
    assert seed(engine) == 3
    assert seed(engine) == 0
    for row in agents.list():
        agents.archive(row.agent.id, "ada")
    assert seed(engine) == 0
    assert agents.list() == []


def test_a_workspace_with_agents_gets_no_samples_then_or_later(engine, agents, clerk):
    assert seed(engine) == 0
    assert [row.agent.name for row in agents.list()] == ["Clerk"]


def test_a_setting_typed_back_leaves_no_draft(agents, clerk):
    colder = replace(SPEC, parameters=replace(SPEC.parameters, temperature=0.0))
    assert agents.save_draft(clerk.id, colder, "ada").value.draft == colder
    typed_back = replace(colder, parameters=replace(colder.parameters, temperature=None))
    assert agents.save_draft(clerk.id, typed_back, "ada").value.draft is None
