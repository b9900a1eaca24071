import { resolve } from "node:path";
import { expect } from "vitest";
import { readRecordedTokens } from "../../bench/store/recorded-tokens.ts";
import type { RecordedCall, RecordedEpisode } from "../../bench/workload/recorded-episode.ts";
import { fastEngine, lastLine, unchecked, Workplace } from "../e2e/small-experiment.ts";
import { episodesOf, TollgateProcess } from "../e2e/tollgate-process.ts";

const data = "openclaw-tau2/data";
export const modelFolder = "bench/simulator/model";

/** What the simulated engine itself knows about one request. */
export interface EngineEntry {
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly promptIds: readonly number[];
  readonly outputIds: readonly number[];
  readonly logprobs: readonly number[];
  readonly finish: string;
}

export async function libraryEngine(role: "agent" | "user"): Promise<{
  readonly process: TollgateProcess;
  readonly url: string;
}> {
  const tasks = ["--domain", "library", "--data", data, "--schemas", `${data}/tau2/domains/library`];
  const speed = ["--decode-step-ms", String(fastEngine.decodeStepMs)];
  const process = new TollgateProcess(["simulate", "--role", role, "--port", "0", ...tasks, ...speed]);
  await process.until(() => process.stdout.includes("\n"), { what: "a ready line" });
  return { process, url: (JSON.parse(process.stdout) as { url: string }).url };
}

export async function engineLog(url: string): Promise<readonly EngineEntry[]> {
  const page = (await (await fetch(`${url}/simulator/log?since=0`)).json()) as {
    readonly dropped: boolean;
    readonly requests: readonly EngineEntry[];
  };
  expect(page.dropped).toBe(false);
  return page.requests;
}

/** Runs tasks of our own domain through gateways at L1 and L2. Returns what was recorded, and the engine's own log. */
export async function recordedRun(
  agent: { readonly kind: "native" | "openclaw" },
  { tasks, level }: { readonly tasks: number; readonly level: "L1" | "L2" },
) {
  const [agentEngine, userEngine] = await Promise.all([libraryEngine("agent"), libraryEngine("user")]);
  await using _agent = agentEngine.process;
  await using _user = userEngine.process;
  using place = new Workplace({
    stack: { kind: "attach", agent: { url: agentEngine.url }, user: { url: userEngine.url } },
    arms: [{ kind: "gateway", level, tokenizer: resolve(modelFolder) }],
    agent,
    workload: { domain: "library", tasks: { count: tasks } },
  });
  const run = lastLine(await place.sweep(...unchecked));
  const episodes: RecordedEpisode[] = [];
  for await (const { recorded } of readRecordedTokens(run)) episodes.push(recorded);
  return { outcomes: episodesOf(run), episodes, log: await engineLog(agentEngine.url) };
}

/** Prompts and outputs of an episode's calls in full. */
export function wholeCalls(calls: readonly RecordedCall[]) {
  const whole: { prompt: number[]; output: number[]; logprobs: number[] }[] = [];
  for (const call of calls) {
    const parent = call.parent === null ? null : whole[call.parent];
    const shared = parent ? [...parent.prompt, ...parent.output].slice(0, call.sharedTokens) : [];
    whole.push({
      prompt: [...shared, ...(call.promptTail ?? [])],
      output: [...(call.outputIds ?? [])],
      logprobs: [...(call.outputLogprobs ?? [])],
    });
  }
  return whole;
}

/** Every recorded call is the engine's own entry, token for token, and goes on from the call before it. */
export function expectEngineTokens(episode: RecordedEpisode, log: readonly EngineEntry[]): void {
  const whole = wholeCalls(episode.calls);
  const entries = episode.calls.map(({ requestId }) =>
    log.find(({ headers }) => headers["x-tollgate-request"] === requestId),
  );
  expect(whole).toEqual(
    entries.map((entry) => ({
      prompt: entry?.promptIds,
      output: entry?.outputIds,
      logprobs: entry?.logprobs,
    })),
  );
  const continued = episode.calls.map(({ parent, sharedTokens, breakCause }, at) => {
    const before = whole[at - 1];
    const length = before ? before.prompt.length + before.output.length : 0;
    return breakCause === null
      ? { parent, sharedTokens }
      : { parent: at === 0 ? null : at - 1, sharedTokens: length, breakCause };
  });
  expect(continued).toEqual(
    episode.calls.map((_call, at) => {
      const before = whole[at - 1];
      if (before === undefined) return { parent: null, sharedTokens: 0 };
      return { parent: at - 1, sharedTokens: before.prompt.length + before.output.length };
    }),
  );
}
