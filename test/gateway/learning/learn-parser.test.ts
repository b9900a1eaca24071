import { Pool } from "undici";
import { expect, test } from "vitest";
import { EngineProbe } from "../../../bench/gateway/learning/engine-probe.ts";
import { learnParser } from "../../../bench/gateway/learning/learn-parser.ts";
import { bodyOf, scriptedEngine } from "../../tap/fixtures/scripted-engine.ts";

interface Asked {
  readonly text: string;
  readonly tool_call_parser: string;
}
type Parses = (asked: Asked) => object | null;

const before = ({ text }: Asked) => text.slice(0, text.indexOf("<tool_call>")).trim();

test.each<readonly [string, Parses, string, string, RegExp]>([
  [
    "0.5.10 gives the whole text back",
    ({ text }) => ({ normal_text: text, calls: [] }),
    "sglang-0.5.23",
    "sglang-0.5.10",
    /learned/,
  ],
  [
    "0.5.23 what stands before the call",
    (asked) => ({ normal_text: before(asked), calls: [] }),
    "sglang-0.5.10",
    "sglang-0.5.23",
    /learned/,
  ],
  [
    "another engine reads a call",
    () => ({ normal_text: "", calls: [{ name: "find" }] }),
    "sglang-0.5.10",
    "sglang-0.5.10",
    /form of tools/,
  ],
  ["no such address", () => null, "sglang-0.5.10", "sglang-0.5.10", /form of tools/],
  ["no such address, and another form", () => null, "as-sent", "sglang-0.5.23", /form of tools/],
])("of a broken call %s", async (...[, parses, toolForm, dialect, detail]) => {
  await using engine = await scriptedEngine(async (request, response) => {
    const asked = JSON.parse(await bodyOf(request)) as Asked;
    expect([request.url, asked.tool_call_parser]).toEqual(["/parse_function_call", "qwen25"]);
    const answer = parses(asked);
    response.writeHead(answer === null ? 404 : 200).end(JSON.stringify(answer));
  });
  const dispatcher = new Pool(engine.url);
  await using ended = new AsyncDisposableStack();
  ended.defer(() => dispatcher.destroy());
  const learned = await learnParser(new EngineProbe({ dispatcher, url: engine.url, apiKey: null }), toolForm);
  expect(learned).toEqual({ dialect, detail: expect.stringMatching(detail) as string });
});
