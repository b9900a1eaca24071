#!/usr/bin/env node
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { readBodies, type ExchangeBodies } from "../bench/tap/read-bodies.ts";
import { batchTensors } from "../bench/tokens/tensor-batch.ts";
import type { TokenSequence } from "../bench/tokens/token-sequences.ts";

/**
 * The tool call that the preflight of a collection asked for, in the form of an AReaL export, for train_library.py: a model
 * that knows only the twelve tasks cannot make it, and the preflight of its sweep would end the run.
 */
const usage = `usage: node scripts/preflight-sequences.ts RUN > FILE
  RUN   a run directory of \`tollgate collect\` at L2; what its preflight asked, and what the model said, is in its evidence`;

const asked = z.object({ input_ids: z.array(z.int()) });
const answered = z.object({ output_ids: z.array(z.int()) });

const [run, ...rest] = process.argv.slice(2);
if (run === undefined || rest.length > 0) {
  console.error(usage);
  process.exitCode = 2;
} else {
  const sequences = await toolCallSequences(run);
  if (sequences.length > 0) console.log(areal(sequences));
  else {
    console.error(
      `${run} has no tool call of a preflight with token ids. Collect at L2, without --skip-preflight tool-call.`,
    );
    process.exitCode = 1;
  }
}

/** Of each recorded exchange with an engine's /generate behind which the arm's answer was a call. */
async function toolCallSequences(directory: string): Promise<readonly TokenSequence[]> {
  const found: TokenSequence[] = [];
  for (const folder of preflightFolders(directory)) {
    const bodies: ExchangeBodies[] = [];
    for await (const one of readBodies(folder)) bodies.push(one);
    const called = new Set(
      bodies
        .filter(
          ({ hop, responseBody }) => hop === "outer" && responseBody.includes('"finish_reason":"tool_calls"'),
        )
        .map(({ requestId }) => requestId),
    );
    for (const { hop, requestId, requestBody, responseBody } of bodies) {
      if (hop !== "inner" || !called.has(requestId)) continue;
      const request = asked.safeParse(JSON.parse(requestBody));
      const output = lastIds(responseBody);
      if (request.success && output !== null) found.push(sequence(request.data.input_ids, output));
    }
  }
  return found;
}

/** `evidence/preflight/<round>/<check>-<arm>`: questions, and not the episode, which is a task like all others. */
function preflightFolders(directory: string): readonly string[] {
  const preflight = join(directory, "evidence", "preflight");
  return readdirSync(preflight).flatMap((round) =>
    readdirSync(join(preflight, round))
      .filter((name) => /^\d/.test(name))
      .map((name) => join(preflight, round, name)),
  );
}

/** A stream says in each event all ids so far, an answer in one piece says them once. */
function lastIds(body: string): readonly number[] | null {
  const events = body.startsWith("data:")
    ? body.split("\n").filter((line) => line.startsWith("data: {"))
    : [body];
  const last = events.at(-1)?.replace(/^data: /, "");
  return last === undefined ? null : (answered.safeParse(JSON.parse(last)).data?.output_ids ?? null);
}

function sequence(prompt: readonly number[], output: readonly number[]): TokenSequence {
  const ids = Int32Array.from([...prompt, ...output]);
  const turns = Int32Array.from(ids, (_, at) => (at < prompt.length ? -1 : 0));
  return { call: 0, ids, turns, logprobs: new Float32Array(ids.length), versions: turns };
}

function areal(sequences: readonly TokenSequence[]): string {
  const trajectories = sequences.map((one) => ({ task_id: "preflight", traj: batchTensors([one], [1]) }));
  return JSON.stringify({ v: 1, trajectories });
}
