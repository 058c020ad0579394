import pytest

from core.domain.agent import Variable
from core.services.prompts import PromptService


@pytest.fixture
def prompts(engine):
    return PromptService(engine)


@pytest.mark.parametrize("kind", ["system", "user"])
def test_a_save_that_changes_nothing_makes_no_version(prompts, kind):
    first = prompts.save(kind, " Greeting ", "Hello {{who}}", [Variable("who")], "ada", "draft").value
    assert (first.name, first.number, first.kind) == ("Greeting", 1, kind)
    assert prompts.save(kind, "Greeting", "Hello {{who}}", [Variable("who")], "bob").value == first
    assert prompts.save(kind, "Greeting", "Hello {{who}}", [Variable("who", default="you")], "bob").value.number == 2
    assert prompts.save(kind, "Greeting", "Hi {{who}}", [Variable("who", default="you")], "bob").value.number == 3
    assert [prompt.number for prompt in prompts.versions(kind, "Greeting")] == [3, 2, 1]
    assert prompts.get(kind, "Greeting").text == "Hi {{who}}"
    assert prompts.get(kind, "Greeting", 1) == first


def test_a_new_label_is_a_new_version(prompts):
    prompts.save("system", "Greeting", "Hello", (), "ada", "draft")
    labelled = prompts.save("system", "Greeting", "Hello", (), "ada", "production").value
    assert (labelled.number, labelled.label) == (2, "production")


def test_the_two_libraries_are_apart(prompts):
    prompts.save("system", "Greeting", "Hello", (), "ada")
    assert prompts.list("user") == []
    assert [prompt.name for prompt in prompts.list("system", " HELL ")] == ["Greeting"]


@pytest.mark.parametrize(("name", "text", "field"), [("", "x", "name"), ("a", " \n", "text")])
def test_refusals(prompts, name, text, field):
    assert prompts.save("user", name, text, (), "ada").field == field
