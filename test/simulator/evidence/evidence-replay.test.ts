import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SglangVersion } from "../../../bench/config/simulator-schema.ts";
import { type EngineProcess, startEngine } from "../engine-process.ts";
import { differences } from "./differences.ts";
import { type KnownDifference, knownDifferences } from "./known-differences.ts";
import { type Answer, ask, evidence, questions, readRecord } from "./recorded.ts";

const servers: readonly { sglang: SglangVersion; engine: string; model: string }[] = [
  { sglang: "0.5.10", engine: "sglang-0.5.10.post1", model: "tiny" },
  { sglang: "0.5.23", engine: "sglang-0.5.23", model: "lib" },
];

/** Skipped where the answers of real servers are not beside the checkout. */
describe.skipIf(!existsSync(evidence)).each(servers)("the simulator against the real $engine", (server) => {
  const answers = new Map<string, Answer>();
  const known = knownDifferences.filter(({ only }) => only === undefined || only === server.sglang);
  let simulator: EngineProcess;
  beforeAll(async () => {
    const flags = { model: server.model, sglang: server.sglang, "context-length": "65536" };
    simulator = await startEngine(Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]));
    for (const name of questions)
      answers.set(name, await ask(simulator.url, readRecord(server.engine, name).question));
  });
  afterAll(async () => simulator[Symbol.asyncDispose]());

  const found = (name: string): string[] => {
    const answer = answers.get(name);
    if (answer === undefined) throw new Error(`${name} was not asked`);
    return differences(answer, readRecord(server.engine, name).real);
  };

  test.each(questions)("%s", (name) => {
    expect(found(name).filter((text) => !known.some((one) => explains(one, { name, text })))).toEqual([]);
  });

  test("every known difference is still one", () => {
    const all = questions.flatMap((name) => found(name).map((text) => ({ name, text })));
    const over = known.filter((one) => !all.some((difference) => explains(one, difference)));
    expect(over.map(({ because }) => because)).toEqual([]);
  });
});

function explains({ says, of }: KnownDifference, { name, text }: { name: string; text: string }): boolean {
  return says.test(text) && (of === undefined || of.test(name));
}
