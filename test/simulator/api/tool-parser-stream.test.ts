import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ParserPiece, ToolParserStream } from "../../../bench/simulator/api/tool-parser-stream.ts";
import { pythonJson } from "../../../bench/simulator/model/python-text.ts";
import { callTool, say, type WrittenReply, writeReply } from "../../../bench/simulator/policy/reply.ts";

/** What the parser lets out when the text arrives in pieces of these lengths, over and over. */
function pieces(reply: WrittenReply, lengths: readonly number[], tellsEmpty = true): ParserPiece[] {
  const stream = new ToolParserStream(reply, tellsEmpty);
  const found: (ParserPiece | null)[] = [];
  for (let visible = 0, turn = 0; visible < reply.text.length; turn++) {
    visible = Math.min(reply.text.length, visible + (lengths[turn % lengths.length] ?? 1));
    found.push(stream.push(visible));
  }
  found.push(stream.end());
  return found.filter((piece) => piece !== null);
}

const shown = (piece: ParserPiece) => (piece.kind === "name" ? piece.name : piece.text);
const ofKind = (all: readonly ParserPiece[], kind: ParserPiece["kind"]) =>
  all
    .filter((piece) => piece.kind === kind)
    .map(shown)
    .join("");
const nested = writeReply(callTool("renew", '{"a": {"b": [1, true, null, "x\\"y"]}, "c": 14}'));
const call = writeReply(callTool("renew", '{"loan": "L1", "days": 14}'));

/** Run on the parsers of SGLang 0.5.10 and 0.5.23, which agree here: the text, how it is cut, what comes out. */
const recorded: readonly (readonly [reply: WrittenReply, visible: number, step: number, pieces: string[]])[] =
  [
    [call, call.text.length, 4, ["renew", '{"loan": "L1"', ', "days": 14}']],
    [call, call.text.length, 1, ["renew", '{"loan": "', "L", '1"', ', "days": 1', "4}"]],
    [call, call.text.indexOf("L1") + 1, 1, ["renew", '{"loan": "', 'L"}']],
    [call, call.text.length - 20, 3, ["renew", '{"loan": "L', '1"}']],
    [
      nested,
      nested.text.length,
      1,
      ["renew", '{"a": {', '"b": [', "1", ", true", ", null", ', "', "x", '\\"', 'y"]}', ', "c": 1', "4}"],
    ],
  ];

test.each(recorded)("the name by itself, arguments a piece late, a cut call closed (%#)", (...row) => {
  const [reply, visible, step, expected] = row;
  const stream = new ToolParserStream(reply, true);
  const found: (ParserPiece | null)[] = [];
  for (let at = step; at < visible + step; at += step) found.push(stream.push(Math.min(at, visible)));
  found.push(stream.end());
  expect(found.filter((piece) => piece !== null).map(shown)).toEqual(expected);
});

describe("text", () => {
  test("that may begin a call is held back, and lost when none follows", () => {
    expect(pieces(writeReply(say("is 1 <tool")), [5]).map(shown)).toEqual(["is 1 "]);
  });

  test("before a call comes as it is written, with the end of its line", () => {
    const reply = writeReply({ text: "Let me look.", calls: [{ name: "look", argumentsText: "{}" }] });
    expect(ofKind(pieces(reply, [1]), "content")).toBe("Let me look.\n");
  });
});

test("a call without arguments has none for the older parser", () => {
  const empty = writeReply(callTool("list", "{}"));
  expect(ofKind(pieces(empty, [3]), "arguments")).toBe("{}");
  expect(ofKind(pieces(empty, [3], false), "arguments")).toBe("");
});

test("the pieces of a call are its name and its arguments, however the text arrives", () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
  const filled = fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 });
  fc.assert(
    fc.property(filled, lengths, fc.boolean(), (value, steps, isListed) => {
      const argumentsText = pythonJson(JSON.stringify(value));
      const reply = writeReply({ text: "", calls: [{ name: "f", argumentsText, isListed }] });
      const all = pieces(reply, steps);
      expect(all.filter(({ kind }) => kind === "name")).toEqual([{ kind: "name", name: "f", call: 0 }]);
      expect(all[0]?.kind).toBe("name");
      expect(ofKind(all, "arguments")).toBe(argumentsText);
    }),
  );
});
