import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import type { AgentDriver, AgentTurn } from "../../bench/agent/agent.ts";
import { sections } from "../../bench/commands/parts.ts";
import { loadExperiment } from "../../bench/config/load-experiment.ts";
import { openclawTau2 } from "../../openclaw-tau2/workload.ts";
import { tau2Section } from "../../openclaw-tau2/section.ts";

const endpoint = {
  role: "agent",
  baseUrl: "http://127.0.0.1:9/v1",
  model: "m",
  apiKey: "k",
  headers: {},
} as const;

/** What a warm-up says where the agent's first turns end like this, or how it fails. */
async function warmedUp(turns: readonly AgentTurn[]): Promise<string[]> {
  return (await prepared(turns)).said;
}

async function prepared(
  turns: readonly AgentTurn[],
  concurrencyMax = 1,
): Promise<{ readonly said: string[]; readonly sockets: number }> {
  let sockets = 0;
  const { experiment } = loadExperiment("experiments/laptop.yaml", {
    environment: {},
    workingDirectory: process.cwd(),
    sections,
  });
  const workload = tau2Section.schema.parse(experiment.workload);
  const said: string[] = [];
  const directory = await mkdtemp(path.join(tmpdir(), "tg-p-"));
  const driver: AgentDriver = {
    openSession: async () => Promise.reject(new Error("no session is asked for")),
    warmUp: async (open) => {
      for (const at of turns.keys()) await open(`warm-up-${at}`);
      return turns;
    },
    eventLoopLoad: async () => Promise.resolve([]),
    [Symbol.asyncDispose]: async () => Promise.resolve(),
  };
  try {
    await using started = await openclawTau2.prepare(
      { ...experiment, workload },
      {
        runId: "run",
        logDirectory: "LOGS",
        scratchDirectory: directory,
        cacheDirectory: directory,
        childEnvironment: {},
        environment: {},
        concurrencyMax,
        model: "m",
        engine: { url: "http://127.0.0.1:9", model: "m", apiKey: "k", contextLength: null },
        signal: new AbortController().signal,
        progress: (line) => said.push(line),
        agent: {
          name: "scripted",
          version: "0",
          prompt: "exact",
          usesTools: true,
          ownTools: [],
          ownInstruction: false,
          takesHistory: false,
        },
        startAgent: async (tools) => {
          sockets = tools?.sockets.length ?? 0;
          return Promise.resolve(driver);
        },
      },
    );
    await started.warmUp({ agent: endpoint, signal: new AbortController().signal });
  } finally {
    await rm(directory, { recursive: true });
  }
  return { said, sockets };
}

const answered: AgentTurn = { status: "answered", text: "Hello." };

test("who has one episode at a time gets one tool worker, with one copy of the databases", async () => {
  expect((await prepared([], 1)).sockets).toBe(1);
  expect((await prepared([], 2)).sockets).toBe(2);
});

test("an answer of the model that the agent cannot use is said, and the agent is warm", async () => {
  const spoilt: AgentTurn = {
    status: "agent-error",
    kind: "incomplete_turn",
    message: "Provider returned an incomplete or malformed tool call",
    requestId: "warm-up-1-4",
  };
  expect(await warmedUp([answered])).toEqual([]);
  expect(await warmedUp([answered, spoilt])).toEqual([
    expect.stringMatching(
      /^warning: .*incomplete or malformed tool call\. The agent is warm, and the run goes on/,
    ),
  ]);
});

test.each<AgentTurn>([
  { status: "agent-error", kind: "unavailable", message: "no model was asked" },
  { status: "model-unavailable", message: "status 404", requestId: "warm-up-0-1" },
  { status: "timed-out", afterMs: 1000 },
  { status: "process-died", message: "openclaw-0 is gone" },
])(
  "a first turn that ends as $status, by a part that is not the model's words, ends the start",
  async (turn) => {
    await expect(warmedUp([answered, turn])).rejects.toThrow(/The agent's first turn failed: .*in LOGS\./);
  },
);
