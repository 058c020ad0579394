"""What the documents point to is there: files, and the tests that prove a promise."""

import re
from pathlib import Path

import msgspec
import pytest
import yaml

from core.tools.http_request.definition import HttpTool, tool_of
from core.tools.http_request.definition_check import problems

ROOT = Path(__file__).parents[1]
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    ROOT / "benchmarks" / "README.md",
    *(ROOT / "docs").glob("*.md"),
]
LINK = re.compile(r"(?<!`)\[[^\]]*\]\((?!https?:|mailto:|#)([^)#\s]+)")
IMAGE = re.compile(r'<img src="([^"]+)"')
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_to_a_file(document):
    text = document.read_text()
    missing = [one for one in LINK.findall(text) + IMAGE.findall(text) if not (document.parent / one).exists()]
    assert missing == []


def test_every_promise_names_tests_that_exist():
    named = TEST.findall((ROOT / "docs" / "promises.md").read_text())
    assert len(named) > 30
    gone = [f"{file}::{test}" for file, test in named if f"def {test}(" not in _text(file)]
    assert gone == []


def test_the_tool_in_the_guide_can_be_kept():
    (example,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "tools.md").read_text(), re.DOTALL)
    tool = msgspec.convert(yaml.safe_load(example), HttpTool)
    assert problems(tool) == ()
    assert tool_of(tool).repeat == "check"


def _text(file: str) -> str:
    path = ROOT / file
    return path.read_text() if path.exists() else ""
