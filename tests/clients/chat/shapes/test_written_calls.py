"""Tool calls written into the text are shown as they are and never executed."""

import pytest

from tests.support.shapes import both, says

WRITTEN = [
    '<tool_call>\n{"name": "calculator", "arguments": {"expression": "1+1"}}\n</tool_call>',
    '[TOOL_CALLS][{"name":"calculator","arguments":{"expression":"1+1"}}]',
    '[TOOL_CALLS]calculator[ARGS]{"expression":"1+1"}',
    '<|python_tag|>calculator.call(expression="1+1")',
    '<|channel|>commentary to=functions.calculator <|constrain|>json<|message|>{"expression":"1+1"}<|call|>',
    '[calculator(expression="1+1")]',
    '{"name": "calculator", "parameters": {"expression": "1+1"}}',
    '{"name": "calculator", "arguments": {"expression": "1+1"}}',
    '<function=calculator>{"expression":"1+1"}</function>',
    "<function=calculator>\n<parameter=expression>\n1+1\n</parameter>\n</function>",
    "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>calculator\n```json\n{}\n```",
    "<|tool_calls_section_begin|><|tool_call_begin|>functions.calculator:0<|tool_call_argument_begin|>{}<|tool_call_end|>",
    '<invoke name="calculator"><parameter name="expression">1+1</parameter></invoke>',
    '<minimax:tool_call>\n<invoke name="calculator">',
    "```tool_code\nprint(calculator(expression='1+1'))\n```",
    '```json\n{"name":"calculator","arguments":{"expression":"1+1"}}\n```',
    '<|tool_call_start|>[calculator(expression="1+1")]<|tool_call_end|>',
    '<TOOLCALL>[{"name": "calculator", "arguments": {"expression": "1+1"}}]</TOOLCALL>',
    "<start_function_call>call:calculator{expression:1+1}<end_function_call>",
    '[{"name":"calculator","arguments":{"expression":"1+1"}}]',
    '{"tool_calls":[{"name":"calculator","arguments":{}}]}',
    'calculator<|message|>{"expression":"1+1"}',
    '<｜DSML｜invoke name="calculator">',
    '{"type": "function", "name": "calculator", "parameters": {"expression": "1+1"}}',
    '{"type": "function", "function": {"name": "calculator", "arguments": "{}"}}',
    'Action: calculator\nAction Input: {"expression": "1+1"}',
    '{"function": "calculator", "arguments": {"expression": "1+1"}}',
    '{"tool": "calculator", "args": {"expression": "1+1"}}',
    '<function_calls>\n<invoke name="calculator">',
    "<|tool▁call▁begin|>",
    "<tool_call>calculator\n<arg_key>expression</arg_key>\n<arg_value>1+1</arg_value>\n</tool_call>",
    'I will compute it.\n<tool_call>{"name": "calculator"}</tool_call>',
]
TEXTS = [
    'Use `calculator(expression="1")` to compute.',
    "The list [a(b)] is fine.",
    '{"name": "Ada", "age": 3}',
    'Here is JSON: {"name":"x","arguments":{}} in prose',
    "print(1)",
    "[1, 2, 3]",
    "[link](https://x.y)",
    '{"result": {"name": "x"}}',
    "An action: wait. Input is welcome.",
    "2 < 3 and function = f",
]


@pytest.mark.parametrize("finish_reason", ["stop", "tool_calls"])
@pytest.mark.parametrize("written", WRITTEN)
async def test_a_call_in_the_text_is_text(meet, written, finish_reason):
    for answer in both({"role": "assistant", "content": written}, finish_reason):
        await meet(says(written, answer, notes="no tool parser"), answer)


@pytest.mark.parametrize("plain", TEXTS)
async def test_a_text_about_calls_is_no_call(meet, plain):
    for answer in both({"role": "assistant", "content": plain}):
        await meet(says(plain, answer, notes=()), answer)
