import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sections } from "../../bench/commands/parts.ts";
import { loadExperiment } from "../../bench/config/load-experiment.ts";
import { systemClock } from "../../bench/measure/clock.ts";
import type { PreflightContext } from "../../bench/preflight/check.ts";
import { Prober } from "../../bench/preflight/prober.ts";
import { BodyLog } from "../../bench/tap/body-log.ts";
import type { TapClient } from "../../bench/tap/client.ts";
import { timingOf } from "../../bench/tap/exchange-record.ts";
import type { ArmSession, RunningArm } from "../../bench/stack/stack.ts";
import type { Exchange } from "../../bench/workload/exchange.ts";
import { blankExchange } from "../tap/fixtures/blank-exchange.ts";
import { session } from "./rig.ts";

type Answering = (body: Record<string, unknown>) => object | null;

export interface Given {
  /** By path, `/engine/…` or `/arm/…`: the JSON that the server answers with; null and every other path: 404. */
  readonly answers: Readonly<Record<string, Answering>>;
  /** What the taps saw of the request with this number, from 1. */
  readonly seen?: (request: number) => readonly Partial<Exchange>[];
  readonly openSession?: () => Promise<ArmSession>;
  /** Of the arm; default: one by its address. */
  readonly spec?: RunningArm["spec"];
  readonly context?: Partial<PreflightContext>;
}

/** What a check is run with: one engine and one arm that answer over HTTP as a test says, and taps that saw what it says. */
export async function given(options: Given): Promise<{ context: PreflightContext } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), "tollgate-check-test-"));
  const server = createServer((request, response) => {
    void readBody(request).then((text) => {
      const body = (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>;
      const answer = options.answers[request.url ?? ""]?.(body) ?? null;
      response.writeHead(answer === null ? 404 : 200, { "content-type": "application/json" });
      response.end(JSON.stringify(answer ?? { error: "there is no such page" }));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    context: { ...contextOf(options, { origin, folder }), ...options.context },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true });
    },
  };
}

function contextOf(options: Given, { origin, folder }: { origin: string; folder: string }): PreflightContext {
  const signal = new AbortController().signal;
  const arm: RunningArm = {
    spec: options.spec ?? { kind: "url", name: "a", url: `${origin}/arm` },
    baseUrl: `${origin}/arm/v1`,
    innerTapped: true,
    metricsUrl: null,
    openSession: options.openSession ?? (() => Promise.resolve(session({ startMs: null }))),
  };
  const stack: PreflightContext["stack"] = {
    kind: "attach",
    agentEngine: {
      role: "agent",
      url: `${origin}/engine`,
      model: "m",
      apiKey: "none",
      metricsUrl: `${origin}/engine/metrics`,
      contextLength: null,
      identity: { name: null, version: null, simulated: false },
      processIdentity: { pid: null, startId: null, infoSha256: null },
    },
    userEngine: null,
    arms: [arm],
    failedArms: [],
    userBaseUrl: null,
    tap: tapThatSaw(options.seen ?? (() => [])),
    death: () => null,
    revive: null,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const [clock, deadlineMs] = [systemClock, 2_000];
  const { experiment } = loadExperiment("experiments/laptop.yaml", {
    sections,
    environment: {},
    workingDirectory: process.cwd(),
  });
  return {
    experiment,
    stack,
    prober: new Prober({ stack, clock, deadlineMs, signal, evidenceDirectory: folder, nonce: "test" }),
    longestPrompt: null,
    usesTools: true,
    clock,
    deadlineMs,
    signal,
    output: { directory: folder, episodes: 1 },
    gpus: () => Promise.resolve(null),
    unusable: new Map(),
  };
}

const blank: Exchange = { ...blankExchange, arm: "a", path: "/v1/chat/completions" };

/** Writes each segment's files as the tap does, with the exchanges that a test gives. */
function tapThatSaw(seen: (request: number) => readonly Partial<Exchange>[]): TapClient {
  let [requests, segment] = [0, ""];
  return {
    pid: 1,
    scheduling: { policy: "real-time" },
    died: new Promise(() => undefined),
    listen: () => Promise.reject(new Error("this tap is given what it saw")),
    openSegment: async (directory) => {
      segment = directory;
      requests += 1;
      await mkdir(directory, { recursive: true });
    },
    closeSegment: async () => {
      const exchanges = seen(requests).map((one, at) => ({ ...blank, requestId: `r${at}`, ...one }));
      const [log, lines] = [
        new BodyLog(),
        (items: object[]) => items.map((item) => `${JSON.stringify(item)}\n`),
      ];
      await writeFile(join(segment, "taps.ndjson"), lines(exchanges.map(timingOf)));
      await writeFile(join(segment, "bodies.ndjson"), lines(exchanges.map((one) => log.line(one))));
      const loop = { eventLoopUtilization: 0, loopDelayMs: null };
      return { totals: {}, connections: {}, loop, unfinished: 0, evidenceError: null };
    },
    take: () => Promise.resolve([]),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += String(chunk);
  return text;
}

export interface Said {
  readonly text?: string;
  readonly calls?: readonly { readonly name: string; readonly arguments: string }[];
  readonly finish?: string;
  /** Prompt and completion tokens; null for an answer without usage. */
  readonly usage?: readonly [number, number] | null;
}

/** A chat completion in one piece. */
export function chat({ text = "", calls = [], finish = "stop", usage = [10, 3] }: Said): object {
  const toolCalls = calls.map((call, index) => ({ id: `call_${index}`, type: "function", function: call }));
  const message = { role: "assistant", content: text, ...(calls.length > 0 && { tool_calls: toolCalls }) };
  return {
    id: "c1",
    choices: [{ index: 0, message, finish_reason: finish }],
    ...(usage && { usage: { prompt_tokens: usage[0], completion_tokens: usage[1] } }),
  };
}
