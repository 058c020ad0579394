"""Prompts from elsewhere: every form that people have them in, and what is wrong with one in words."""

import json

import pytest

from core.domain.agent import Variable
from core.domain.result import Err, Ok
from core.services.prompt_files import SIZE_LIMIT_CHARS, PromptEntry, read_prompts, write_prompts
from core.services.prompts import PromptService

CLERK = "You are a clerk of {{company}}."


def entries(content: str, file_name: str = "", kind="system") -> tuple[PromptEntry, ...]:
    read = read_prompts(content, file_name, kind)
    assert isinstance(read, Ok), read
    return read.value.entries


def refusal(content: str, file_name: str = "") -> str:
    read = read_prompts(content, file_name)
    assert isinstance(read, Err), read
    return read.message


def test_a_text_is_one_prompt_with_its_variables():
    assert entries(CLERK, "clerk.txt", "user") == (
        PromptEntry(name="clerk", kind="user", text=CLERK, variables=(Variable("company"),)),
    )
    assert entries(CLERK)[0].name == "Pasted prompt"


def test_markdown_says_about_itself_what_stands_at_its_head():
    head = "---\nname: Clerk\nlabel: production\nkind: user\nvariables:\n  - name: company\n    default: Acme\n---\n"
    assert entries(f"{head}# Heading\n\n{CLERK}\n", "x.md") == (
        PromptEntry(
            name="Clerk",
            kind="user",
            label="production",
            text=f"# Heading\n\n{CLERK}",
            variables=(Variable("company", default="Acme"),),
        ),
    )
    assert entries("# The clerk #\n\nCompute.", "x.md")[0].name == "The clerk"


@pytest.mark.parametrize(
    "content",
    [
        'prompts:\n  - name: A\n    text: "Say {{x}}"\n    kind: user\n  - name: B\n    prompt: Hello\n',
        '- name: A\n  text: "Say {{x}}"\n  kind: user\n- name: B\n  template: Hello\n',
    ],
)
def test_yaml_holds_many(content):
    first, second = entries(content, "p.yaml")
    assert (first.name, first.kind, first.variables) == ("A", "user", (Variable("x"),))
    assert (second.name, second.kind, second.text) == ("B", "system", "Hello")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_as_collections_of_prompts_have_it(delimiter):
    content = f'\ufeffact{delimiter}prompt\n"Linux, terminal"{delimiter}"Act as a ""terminal"".\nSay nothing else."\n'
    (one,) = entries(content, "prompts.csv")
    assert (one.name, one.text) == ("Linux, terminal", 'Act as a "terminal".\nSay nothing else.')


def test_an_openai_request_gives_its_messages_and_names_what_is_none():
    document = {
        "model": "gpt-x",
        "messages": [
            {"role": "developer", "content": CLERK},
            {"role": "user", "content": [{"type": "input_text", "text": "Hi"}, {"type": "text", "text": "there"}]},
            {"role": "assistant", "content": "Hello"},
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]},
        ],
        "variables": {"company": "Acme"},
    }
    read = read_prompts(json.dumps(document))
    assert isinstance(read, Ok)
    system, user = read.value.entries
    assert (system.name, system.kind, system.variables) == ("gpt-x 1", "system", (Variable("company", default="Acme"),))
    assert (user.kind, user.text) == ("user", "Hi\n\nthere")
    assert read.value.left_out == (
        "gpt-x 3 is of the kind assistant; only system and user prompts are kept.",
        "gpt-x 4 has no text.",
    )


def test_a_responses_request_gives_its_instructions_too():
    (one, two) = entries(json.dumps({"instructions": "Be brief.", "input": [{"role": "user", "content": "Hi"}]}))
    assert (one.kind, one.text, two.kind, two.text) == ("system", "Be brief.", "user", "Hi")


@pytest.mark.parametrize(
    ("content", "file_name", "words"),
    [
        ("", "x.txt", "x has no text"),
        ("[]", "x.json", "no prompt"),
        ("{", "x.json", "not JSON"),
        ("a: [", "x.yaml", "Line 1"),
        ("name,words\na,b\n", "x.csv", "a column named text. It has: name, words."),
        ('a,text\n"x', "x.csv", "not CSV"),
        ("---\n- a\n---\nHello", "x.md", "between the --- lines"),
        ('[{"name":"A","text":"{{x}}","variables":[{"name":"x","type":"colour"}]}]', "x.json", "colour"),
        ('[{"name":"A","text":["x"]}]', "x.json", "no text"),
        ("x" * (SIZE_LIMIT_CHARS + 1), "x.txt", "longer than"),
    ],
)
def test_what_is_wrong_is_said(content, file_name, words):
    assert words in refusal(content, file_name)


def test_what_was_written_reads_back_the_same_and_is_kept_once(engine):
    prompts = PromptService(engine)
    variables = (Variable("company", "choice", "Acme", ("Acme", "Zeta")),)
    prompts.save("system", "Clerk", f"{CLERK}\n\n- exact: yes\n", variables, "ada", "production")
    prompts.save("system", "No", "no", (), "ada")
    written = write_prompts(prompts.list("system"))

    again = prompts.import_file(written, "library.yaml", "user", "bob")
    assert isinstance(again, Ok)
    assert (again.value.saved, again.value.unchanged) == ((), 2)
    changed = prompts.import_file(written.replace("exact: yes", "exact: no"), "library.yaml", "user", "bob")
    assert isinstance(changed, Ok)
    assert [(one.name, one.number, one.author, one.variables) for one in changed.value.saved] == [
        ("Clerk", 2, "bob", variables)
    ]


def test_a_file_is_kept_whole_or_not_at_all(engine):
    prompts = PromptService(engine)
    refused = prompts.import_file('[{"name":"A","text":"a"},{"name":"B","text":"b\\u0000"}]', "x.json", "system", "")
    assert isinstance(refused, Err)
    assert refused.message.startswith("B: ")
    assert prompts.list("system") == []
