from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.agent import Agent, AgentSpec, Limits, Parameters, Retry, Variable
from core.domain.result import Err
from core.domain.tool import ToolChoice
from core.services.agent_files import from_yaml, to_yaml
from core.services.yaml_files import SIZE_LIMIT_CHARS

NOW = datetime(2026, 11, 20, tzinfo=UTC)
SPEC = AgentSpec(
    instructions="You help {{who}}.\n\n- Be brief.\n- Say what you did.\n",
    variables=(Variable("who", "choice", "no", ("no", "1e5")),),
    model="small",
    parameters=Parameters(temperature=0.2, response_schema={"z": {"type": "string"}, "a": [1, 1.5, None, True]}),
    tools=(ToolChoice("calculator"), ToolChoice("notebook_write", "ask", {"notebook": "tax"})),
    limits=Limits(steps=5),
    retry=Retry(2, 1.5),
    starters=("What is 2+2?", "Note: buy milk"),
)


def agent(**columns):
    given = {"id": UUID(int=1), "name": "Clerk", "live_revision": 1, "created_at": NOW, "updated_at": NOW}
    return Agent(**given | columns)


def test_a_file_reads_like_this():
    assert to_yaml(agent(description="Counts things", avatar="🧮", tags=("math",)), SPEC) == (
        """\
name: Clerk
description: Counts things
avatar: 🧮
tags:
  - math
spec:
  instructions: |
    You help {{who}}.

    - Be brief.
    - Say what you did.
  variables:
    - name: who
      type: choice
      default: 'no'
      choices:
        - 'no'
        - '1e5'
  model: small
  parameters:
    temperature: 0.2
    response_schema:
      z:
        type: string
      a:
        - 1
        - 1.5
        - null
        - true
  tools:
    - name: calculator
    - name: notebook_write
      policy: ask
      fixed:
        notebook: tax
  limits:
    steps: 5
  retry:
    attempts: 2
    wait_s: 1.5
  starters:
    - What is 2+2?
    - 'Note: buy milk'
"""
    )


def test_what_was_written_is_read_back():
    file = from_yaml(to_yaml(agent(avatar="🧮", tags=("math", "2026-01-01")), SPEC)).value
    assert (file.name, file.avatar, file.tags, file.spec) == ("Clerk", "🧮", ("math", "2026-01-01"), SPEC)
    assert file.spec.hash() == SPEC.hash()
    assert list(file.spec.parameters.response_schema) == ["z", "a"]


printable = st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\t"), max_size=60)


@given(printable, printable)
def test_every_text_survives(instructions, starter):
    spec = AgentSpec(instructions=instructions.replace("{{", "{"), starters=(starter,))
    assert from_yaml(to_yaml(agent(), spec)).value.spec == spec


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers())
def test_every_number_survives(number, whole):
    spec = AgentSpec(tools=(ToolChoice("x", fixed={"number": number, "whole": whole}),))
    assert from_yaml(to_yaml(agent(), spec)).value.spec == spec


def test_bare_words_are_text_unless_they_are_plainly_something_else():
    file = from_yaml("name: a\ntags: [no, on, 2026-01-01, 007, 1:30, =, <<]").value
    assert file.tags == ("no", "on", "2026-01-01", "007", "1:30", "=", "<<")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Expected a mapping, found nothing."),
        ("- a", "Expected a mapping, found a list."),
        ("description: x", "'name' is missing."),
        ("nme: x", "'nme' is not known here; perhaps 'name' is meant."),
        ("name: 5", "name: expected text, found the number 5; put quotes around it."),
        ("name: true", "name: expected text, found true; put quotes around it."),
        ("name: a\nspec:\n  instrutions: x", "spec: 'instrutions' is not known here; perhaps 'instructions' is meant."),
        ("name: a\nspec: {tools: [{name: x, policy: maybe}]}", "item 1, policy: 'maybe' is none of allow, ask, deny."),
        ("name: a\nspec: {tools: calculator}", "spec, tools: expected a list, found the text 'calculator'."),
        ("name: a\nspec: {tools: [calculator]}", "spec, tools, item 1: expected a mapping, found the text"),
        (
            "name: a\nspec: {limits: {steps: 1.5}}",
            "spec, limits, steps: expected a whole number, found the number 1.5.",
        ),
        ("name: a\nspec: {limits: {steps: true}}", "spec, limits, steps: expected a whole number, found true."),
        ("name: a\nspec: {parameters: {temperature: hot}}", "temperature: expected a number, found the text 'hot'."),
        ("name: a\nspec: {limits: {steps: 0}}", "spec, limits: The limit of steps lies between 1 and 1,000, not at 0."),
        ("name: a\nspec: {instructions: '{{x}}'}", "use {{x}}, which is not defined"),
        ("name: a\nspec: {parameters: {response_schema: {1: x}}}", "Line 2: a name has to be text; put quotes"),
        ("name: a\nname: b", "Line 2: 'name' stands here twice."),
        ("a: &x 1\nb: *x", "references (*name) are not allowed."),
        ("name: !!python/object:os.system x", "Line 1: the tag tag:yaml.org,2002:python/object:os.system is not"),
        ("name: !!binary aGk=", "Line 1: the tag tag:yaml.org,2002:binary is not allowed."),
        ("[" * 1000, "nested deeper than 40 levels"),
        ("name: 'a", "Line 1: "),
        ("name: a\x00", "special characters are not allowed."),
        ("name: a\n---\nname: b", "Line 2: "),
        ("#" * (SIZE_LIMIT_CHARS + 1), "The file is longer than 500,000 characters."),
    ],
)
def test_a_fault_is_said_in_words(text, words):
    refused = from_yaml(text)
    assert isinstance(refused, Err)
    assert refused.kind == "invalid"
    assert words in refused.message


def test_the_example_of_the_documentation_is_a_file():
    page = (Path(__file__).parents[2] / "docs" / "agent-files.md").read_text()
    example = page.partition("```yaml\n")[2].partition("```")[0]
    assert from_yaml(example).value.name == "Page reader"
