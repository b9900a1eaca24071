"""What an installed SGLang makes of answers with tool calls: run by its own interpreter, it prints a line of JSON per case.

usage: python tool_parser_cases.py COUNT SEED

Texts are calls as models write them, broken in the ways in which they break them, cut into pieces at random. `streamed` is what
its streaming parser gives, with the end that its chat API adds; `whole` is what its other parser makes of the same text.
"""
import json
import random
import sys

from sglang.srt.entrypoints.openai.protocol import Function, Tool
from sglang.srt.function_call.function_call_parser import FunctionCallParser

TOOLS = [
    Tool(type="function", function=Function(name=name, parameters={"type": "object", "properties": {}}))
    for name in ("renew_loan", "find", "note")
]
ARGUMENTS = [
    '{}', '{"loan_id": "L1"}', '{"a": 1, "b": [1, 2, {"c": null}], "d": {"e": true}}', '{"text": "say \\"hi\\", \\u00e9 {x} [y]"}',
    '{"n": 1.50, "m": -0.0, "k": 1e3}', '{"loan_id":"L1","days":14}', '{"a": "b": "c"}', '{"a": }', '{"a" "b"}', '{"a": [1, 2}', '{"a": "b"',
    '{"a": tru}', '{"a": NaN}', '{a: 1}', "{'a': 1}", '{"a": 1,}', '[1]', '"text"', 'null', '12', '{"a": 1, "a": 2}', '{"2": 1, "1": 2}',
    '{"first_name": "last_name": "x", "y": 1}', '{"a": "line\nbreak"}', '{"": {}}', '{"a": []}', '{"a": "\\\\"}', '{"deep": [[[{"x": "y"}]]]}',
]
NAMES = ["renew_loan", "find", "note", "no_such", "renew", ""]


def call(rng):
    name, arguments = rng.choice(NAMES[:3] if rng.random() < 0.8 else NAMES), rng.choice(ARGUMENTS)
    key = "arguments" if rng.random() < 0.9 else "parameters"
    forms = [
        '{"name": %s, "%s": %s}', '{"name":%s,"%s":%s}', '{"name": %s, "%s": %s', '{"%s": %s, "name": %s}', '{"name": %s, "%s": %s}}',
        '{"name": %s, "other": 1, "%s": %s}', '{"name": %s}',
    ]
    form = rng.choice(forms[:2] if rng.random() < 0.75 else forms)
    if form == forms[3]:
        return form % (key, arguments, json.dumps(name))
    if form == forms[6]:
        return form % json.dumps(name)
    return form % (json.dumps(name), key, arguments)


def text(rng):
    parts = [rng.choice(["", "", "I look.", "I look.\n", "a < b ", "<tool"])]
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        begin = "<tool_call>\n" if rng.random() < 0.92 else rng.choice(["<tool_call>", "<tool_call>\n\n", "<tool_call> "])
        end = "\n</tool_call>" if rng.random() < 0.9 else rng.choice(["</tool_call>", "", "\n", "\n</tool_call>\n"])
        parts.append(begin + call(rng) + end + rng.choice(["", "", "", "\n", " then "]))
    whole = "".join(parts)
    return whole[: rng.randrange(len(whole))] if rng.random() < 0.12 else whole


def cut(rng, whole):
    """Pieces as a detokenizer gives them: mostly a few characters, the marks of a call in one piece."""
    pieces, at = [], 0
    while at < len(whole):
        mark = next((m for m in ("<tool_call>", "</tool_call>") if whole.startswith(m, at)), None)
        size = len(mark) if mark and rng.random() < 0.95 else rng.choice([1, 1, 2, 3, 4, 6, 9] if rng.random() < 0.97 else [40])
        pieces.append(whole[at : at + size])
        at += size
    return pieces


def unstreamed(detector, newer):
    calls, streamed = detector.prev_tool_call_arr, detector.streamed_args_for_tool
    if not calls or not streamed or len(calls) > len(streamed):
        return None
    expected = json.dumps(calls[-1].get("arguments", {}), ensure_ascii=False)
    sent = streamed[len(calls) - 1]
    if newer:
        rest = expected[len(sent) :] if expected.startswith(sent) else ""
    else:
        rest = expected.replace(sent, "", 1) if sent in expected else ""
    return (len(calls) - 1, rest) if rest else None


def main():
    rng, newer = random.Random(int(sys.argv[2])), hasattr(FunctionCallParser, "parse_stream_end")
    for _ in range(int(sys.argv[1])):
        whole = text(rng)
        pieces = cut(rng, whole)
        parser, content, calls = FunctionCallParser(TOOLS, "qwen25"), "", {}

        def take(items):
            for item in items:
                one = calls.setdefault(item.tool_index, {"name": None, "arguments": ""})
                one["name"] = one["name"] or item.name
                one["arguments"] += item.parameters

        for piece in pieces:
            normal, items = parser.parse_stream_chunk(piece)
            content += normal or ""
            take(items)
        if newer:
            normal, items = parser.parse_stream_end()
            content += normal or ""
            take(items)
        rest = unstreamed(parser.detector, newer)
        if rest:
            calls.setdefault(rest[0], {"name": None, "arguments": ""})["arguments"] += rest[1]
        plain = FunctionCallParser(TOOLS, "qwen25")
        try:
            plain_text, plain_calls = plain.parse_non_stream(whole) if plain.has_tool_call(whole) else (whole, [])
            plain_calls = [[c.name, c.parameters] for c in plain_calls]
        except Exception:
            plain_text, plain_calls = whole, []
        print(json.dumps({
            "pieces": pieces,
            "streamed": {"content": content, "calls": [[i, c["name"], c["arguments"]] for i, c in sorted(calls.items())]},
            "whole": {"content": plain_text, "calls": plain_calls},
        }, ensure_ascii=True))


main()
