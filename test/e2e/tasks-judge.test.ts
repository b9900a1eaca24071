import { readFileSync, globSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { z } from "zod";
import { plantSuite, say, write, type PlantedTask } from "../suites/tasks/planted-suite.ts";
import { fastEngine, lastLine, unchecked, Workplace } from "./small-experiment.ts";
import { episodesOf, expectExit, tollgate } from "./tollgate-process.ts";

const key = "CANARY-judge-7d21f0";
const askedSchema = z.object({ messages: z.array(z.object({ content: z.string() })) });

/** A judge that gives two thirds of every maximum, and answers in prose about one task. */
async function startJudge(refused: string) {
  const asked: { readonly authorization: string | undefined; readonly question: string }[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const body = askedSchema.parse(JSON.parse(await text(request)));
    const question = body.messages.at(-1)?.content ?? "";
    asked.push({ authorization: request.headers.authorization, question });
    const wanted = [...question.matchAll(/"(\w+)" \(a number from 0 to (\d+)\)/g)];
    const numbers = wanted.map(([, name, max]) => [name, (Number(max) * 2) / 3]);
    const content = question.includes(refused)
      ? "I would rather not say."
      : JSON.stringify({ ...Object.fromEntries(numbers), reason: "seen" });
    const choices = [{ index: 0, finish_reason: "stop", message: { role: "assistant", content } }];
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ id: "j", object: "chat.completion", created: 1, model: "judge", choices }));
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

const task = (id: string): PlantedTask => ({
  id,
  turns: [[write("out.txt", "here"), say("Done.")]],
  more: {
    expected_outputs: [
      { pattern: "out.txt", required: true, validators: [{ type: "file-exists", path: "out.txt" }] },
    ],
    scoring: { layer0_weight: 0.2, layer1_weight: 0.3, layer2_weight: 0.2, layer3_weight: 0.3 },
  },
});

test("a judge's numbers become the layers that rules cannot give, what it does not say is missing, and its key is kept nowhere", async () => {
  await using judge = await startJudge("planted task refused");
  using place = new Workplace();
  const folder = plantSuite(join(place.path, "suite"), [task("judged"), task("refused")]);
  place.write({
    stack: { kind: "embedded", agent: fastEngine, user: fastEngine },
    arms: [{ kind: "raw" }],
    workload: {
      kind: "tasks",
      folder,
      judge: { url: judge.url, model: "judge", apiKeyEnv: "PLANTED_JUDGE_KEY" },
    },
  });
  const environment = { ...place.environment, PLANTED_JUDGE_KEY: key };
  const finished = await tollgate(["sweep", place.file, "--out", place.runs, ...unchecked], environment);
  expectExit(finished, 0);
  const run = lastLine(finished);
  const scores = Object.fromEntries(
    episodesOf(run).map(({ taskId, scores: given = [] }) => [
      taskId,
      Object.fromEntries(given.map(({ name, value }) => [name, value])),
    ]),
  );
  // Layer 2: (2/3 of 30 for adherence + 25 + 25 + 20) of 100; layer 3: 2/3 of 100; layer 1 is 50 where a task expects no metrics.
  expectScores(scores["judged"], {
    agentbench: 0.2 * 1 + 0.3 * 0.5 + 0.2 * 0.9 + 0.3 * (2 / 3),
    layer2: 0.9,
    layer3: 2 / 3,
  });
  // Without adherence layer 2 is what rules gave, of what they could give; without layer 3 the others' weights sum to 0.7.
  expectScores(scores["refused"], {
    agentbench: (0.2 * 1 + 0.3 * 0.5 + 0.2 * 1) / 0.7,
    layer2: 1,
    layer3: null,
  });
  expect(new Set(judge.asked.map(({ authorization }) => authorization))).toEqual(new Set([`Bearer ${key}`]));
  const lines = globSync(join(run, "evidence/*/*/tasks.ndjson")).map((file) => readFileSync(file, "utf8"));
  expect(lines.join("\n")).toContain("I would rather not say.");
  const files = globSync(join(run, "**/*"), { withFileTypes: true }).filter((entry) => entry.isFile());
  const holding = files.filter((entry) => readFileSync(join(entry.parentPath, entry.name)).includes(key));
  expect({ files: files.length > 10, holding: holding.map(({ name }) => name) }).toEqual({
    files: true,
    holding: [],
  });
});

function expectScores(
  seen: Readonly<Record<string, number | null>> | undefined,
  expected: Readonly<Record<string, number | null>>,
): void {
  const rounded = (of: Readonly<Record<string, number | null>>) =>
    Object.fromEntries(Object.entries(of).map(([name, value]) => [name, value?.toFixed(9) ?? null]));
  expect(rounded(seen ?? {})).toMatchObject(rounded(expected));
}
