import { randomUUID } from "node:crypto";
import { onTestFinished } from "vitest";
import { parseLaw } from "../../../bench/simulator/trainer/law/law-file.ts";
import { TrainerCore } from "../../../bench/simulator/trainer/core/trainer-core.ts";
import { TrainerServer } from "../../../bench/simulator/trainer/server.ts";

export interface StartedTrainer {
  readonly url: string;
  readonly core: TrainerCore;
  /** Lines that it has written for people. */
  readonly told: readonly string[];
  /** How often it would have been killed. */
  readonly deaths: () => number;
  readonly stop: () => Promise<void>;
}

export const quick = {
  serving: { ttft_ms: 0, token_ms: 0 },
  training: { update_ms: 0 },
} as const;

/** A simulated trainer in this process, without any waiting unless the law says so. */
export async function startTrainer(law: object = {}, state: string | null = null): Promise<StartedTrainer> {
  const told: string[] = [];
  let deaths = 0;
  const core = new TrainerCore(
    { host: "127.0.0.1", port: 0, law: parseLaw({ ...quick, ...law }), state },
    {
      out: () => undefined,
      err: (line) => told.push(line),
      clockNs: () => Number(process.hrtime.bigint()),
      nowMs: () => Date.now(),
      uuid: randomUUID,
      pid: process.pid,
      signal: new AbortController().signal,
      die: () => (deaths += 1),
    },
  );
  const server = new TrainerServer(core);
  const url = await server.listen("127.0.0.1", 0);
  const stop = async () => {
    await server.close(50);
    core.close();
  };
  onTestFinished(stop);
  return { url, core, told, deaths: () => deaths, stop };
}

export interface Said {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** undefined where the body is no JSON. */
  readonly json: unknown;
}

export async function ask(
  url: string,
  body?: unknown,
  method = body === undefined ? "GET" : "POST",
): Promise<Said> {
  const response = await fetch(url, {
    method,
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  return { status: response.status, headers: response.headers, text, json };
}
