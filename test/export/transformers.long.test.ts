import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sftLine } from "../../bench/export/sft-line.ts";
import { sftMessages } from "../../bench/export/sft-messages.ts";
import type { Message } from "../../bench/gateway/rendering/normalise-messages.ts";
import { parseForTemplate } from "../../bench/gateway/rendering/python-literals.ts";
import { TemporaryFolder } from "../e2e/tollgate-process.ts";
import { playedEpisode } from "./played-episode.ts";
import { models, playedRows } from "./played-rows.ts";
import { templateKinds, templateSource, writeModelFolder } from "./template-folders.ts";

/** An interpreter with transformers, tokenizers and jinja2. */
const python = process.env["TOLLGATE_TRANSFORMERS_PYTHON"];

test.skipIf(python === undefined)("transformers renders every line to the same text and ids", () => {
  using place = new TemporaryFolder();
  for (const kind of templateKinds) writeModelFolder(join(place.path, kind), templateSource(kind));
  const lines = playedRows.flatMap(([name, kind, events, , stage]) => {
    const whole = playedEpisode({ model: models[kind], ...stage }, events);
    const messages = sftMessages(whole);
    if ("reason" in messages) return [];
    return [{ name, kind, line: sftLine({ messages, tools: whole.tools, trained: new Set() }) }];
  });
  expect(lines.length).toBeGreaterThan(40);
  const input = lines.map(
    ({ kind, line }) => `{"folder":${JSON.stringify(join(place.path, kind))},${line.slice(1)}\n`,
  );
  const script = new URL("peers/render-lines.py", import.meta.url).pathname;
  const output = execFileSync(python ?? "", [script], { input: input.join(""), encoding: "utf8" });
  const theirs = output
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { text: string; ids: number[] });
  const ours = lines.map(({ kind, line }) => {
    const { messages, tools = [] } = parseForTemplate(line) as { messages: Message[]; tools?: Message[] };
    const { template, tokenizer } = models[kind];
    const text = template.renderAsGiven({ messages, tools, variables: {}, addGenerationPrompt: false });
    return { text, ids: [...tokenizer.encode(text)] };
  });
  for (const [at, { name }] of lines.entries())
    expect({ name, ...ours[at] }).toEqual({ name, ...theirs[at] });
});
