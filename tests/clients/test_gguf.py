"""What a model file says about itself."""

import struct

import pytest

from core.clients.gguf import ModelHeader, read_header, takes_tools
from core.clients.local import LocalModel
from core.errors import FaultError
from tests.support.gguf import TOOL_TEMPLATE, header, weights, with_template


@pytest.mark.model
def test_a_real_file():
    said = read_header(weights())
    assert said.licence == "apache-2.0"
    assert said.context_tokens == 8_192
    assert said.chat_template.startswith("{% for message in messages %}")


@pytest.mark.parametrize("version", [2, 3])
def test_what_it_says(tmp_path, version):
    file = tmp_path / "m.gguf"
    file.write_bytes(
        header(
            {
                "general.architecture": "tiny",
                "general.name": "Tiny é",
                "tokenizer.tokens": ["a", "", "ccc"],
                "tokenizer.types": [1, 2],
                "tokenizer.add_bos": True,
                "tiny.context_length": 512,
                "tokenizer.chat_template": "{{ messages }}",
                "general.license": "mit",
            },
            version,
        )
    )
    assert read_header(file) == ModelHeader(
        name="Tiny é", licence="mit", context_tokens=512, chat_template="{{ messages }}"
    )


def test_a_file_that_says_nothing(tmp_path):
    file = tmp_path / "m.gguf"
    file.write_bytes(header({"general.name": 7}))
    assert read_header(file) == ModelHeader()


FULL = header({"general.name": "Tiny", "list": ["a", "b"], "general.license": "mit"})


def test_a_file_that_ends_too_early_wherever_it_does(tmp_path):
    file = tmp_path / "m.gguf"
    for length in range(4, len(FULL)):
        file.write_bytes(FULL[:length])
        with pytest.raises(FaultError, match=r"The header of m\.gguf cannot be read"):
            read_header(file)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        pytest.param(4, struct.pack("<I", 99), id="version"),
        pytest.param(16, struct.pack("<Q", 2**63), id="count"),
        pytest.param(24, struct.pack("<Q", 2**62), id="length of a key"),
        pytest.param(24 + 8 + 12, struct.pack("<I", 77), id="type"),
    ],
)
def test_damage(tmp_path, place, value):
    file = tmp_path / "m.gguf"
    file.write_bytes(FULL[:place] + value + FULL[place + len(value) :])
    with pytest.raises(FaultError, match="cannot be read") as caught:
        read_header(file)
    assert caught.value.fault.kind == "bad_request"


TEMPLATES = {
    "own": ("{{ messages[0].content }}", False),
    "tools": (TOOL_TEMPLATE, True),
    "named in text only": ("tools: {{ messages[0].content }} tools", False),
    "named in a string only": ("{{ 'use your tools' + messages[0].content }}{% set a = \"tools\" %}", False),
    "named in a comment only": ("{# tools #}{{ messages[0].content }}", False),
    "an attribute of something else": ("{{ messages[0].tools }}{{ messages[0].content }}", False),
    "a longer name": ("{% set my_tools = 1 %}{{ messages[0].content }}{{ my_tools }}", False),
    "over several lines": (
        "{%- if\n   tools is defined and tools %}{{- tools | tojson }}{%- endif %}{{ messages[0].content }}",
        True,
    ),
}


@pytest.mark.parametrize(("template", "expected"), TEMPLATES.values(), ids=TEMPLATES)
def test_whether_a_template_takes_tools(template, expected):
    assert takes_tools(template) is expected


@pytest.mark.model
@pytest.mark.parametrize(("template", "expected"), TEMPLATES.values(), ids=TEMPLATES)
def test_llama_cpp_sees_it_the_same_way(tmp_path, template, expected):
    model = LocalModel(with_template(weights(), template, tmp_path / "m.gguf"))
    try:
        assert model.start().supports_tools is expected
    finally:
        model.stop()
