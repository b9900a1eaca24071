import { waitUntilIdle } from "../../metrics/drain.ts";
import { diff } from "../../metrics/delta.ts";
import { detectProfile } from "../../metrics/detect-profile.ts";
import { deriveEngineDelta } from "../../metrics/engine-delta.ts";
import { scrape, ScrapeError, type Snapshot } from "../../metrics/snapshot.ts";
import { describeEngine } from "../../stack/engine.ts";
import { isSameProcess, processText } from "../../stack/process-identity.ts";
import { metricsAccess } from "../../stack/metrics-access.ts";
import type { RunningArm } from "../../stack/stack.ts";
import type { ArmFacts, Finding } from "../../store/preflight-record.ts";
import { failed, nameOf, notChecked, ok, warning, type Check, type PreflightContext } from "../check.ts";
import type { Reply } from "../prober.ts";

/** More than one, because a gateway may spread requests over several engines. */
const requests = 3;
const forward =
  "Point the gateway at the agent engine of this experiment and at no other; as it is, no overhead can be measured.";

/** An overhead is a difference between two ways to one process; anything else compares two engines. */
export const sameEngineCheck: Check = {
  name: "same-engine",
  proves: "requests of every arm reach the engine process whose counters Tollgate reads",
  async run(context) {
    const findings: Finding[] = [];
    const arms: Record<string, Partial<ArmFacts>> = {};
    for (const arm of context.stack.arms) {
      const { finding, sameEngine } = await reach(arm, context);
      findings.push(finding);
      arms[arm.spec.name] = { sameEngine };
    }
    findings.push(await unchanged(context));
    return { findings, arms };
  },
};

interface Reached {
  readonly finding: Finding;
  readonly sameEngine: ArmFacts["sameEngine"];
}

async function reach(arm: RunningArm, context: PreflightContext): Promise<Reached> {
  const on = nameOf(arm);
  const unknown = (why: string): Reached => ({ finding: notChecked(on, why), sameEngine: null });
  const reason = context.unusable.get(arm);
  if (reason !== undefined) return unknown(reason);
  const before = await countersOf(context);
  const replies: Reply[] = [];
  for (let count = 0; count < requests; count += 1) {
    const content = `Say hello to visitor ${context.prober.unique()}.`;
    replies.push(await context.prober.askArm(arm, { messages: [{ role: "user", content }], maxTokens: 16 }));
  }
  const after = await countersOf(context);
  const problem = replies.find(({ chat }) => chat === null)?.problem;
  if (problem != null) return unknown(`a request gave ${problem}`);
  const tapped = arm.innerTapped && replies.every(({ inner }) => inner.some(({ status }) => status === 200));
  return judge(on, {
    tapped,
    ownEngine: bringsOwnEngine(arm),
    ...difference(before, after),
    said: sumOf(replies),
  });
}

interface Tokens {
  readonly prompt: number;
  readonly completion: number;
}

interface Seen {
  /** Every request passed the tap in front of the engine. */
  readonly tapped: boolean;
  /** The arm starts an engine of its own, by design. */
  readonly ownEngine: boolean;
  /** By how much the engine's counters moved; null where they cannot be read. */
  readonly moved: Tokens | null;
  /** By how much that may be wrong, because the page prints few digits. */
  readonly unsure?: Tokens;
  /** What the answers say they cost; null without usage. */
  readonly said: Tokens | null;
}

/** The rule: by tap or by exact tokens. Exported for its own test. */
export function judge(on: string, { tapped, ownEngine, moved, unsure, said }: Seen): Reached {
  if (moved === null || said === null) {
    const why = moved === null ? "the engine's counters cannot be read" : "the answers carry no usage";
    return tapped
      ? { finding: ok(on, `every request passed the tap in front of the engine; ${why}`), sameEngine: true }
      : { finding: notChecked(on, `${why}, and no tap stands in front of the engine`), sameEngine: null };
  }
  const text = `the engine counted ${moved.prompt} + ${moved.completion} tokens, the answers say ${said.prompt} + ${said.completion}`;
  const exact = moved.prompt === said.prompt && moved.completion === said.completion;
  if (exact && unsure === undefined) {
    const by = tapped ? "every request passed the tap in front of the engine, and " : "";
    return { finding: ok(on, `${by}${text}`), sameEngine: true };
  }
  if (unsure !== undefined && isNear(moved, said, unsure)) {
    const what = `${text}, which is within the page's resolution (±${unsure.prompt} and ±${unsure.completion})`;
    return tapped
      ? {
          finding: ok(on, `every request passed the tap in front of the engine, and ${what}`),
          sameEngine: true,
        }
      : { finding: notChecked(on, `${what}: it proves nothing`), sameEngine: null };
  }
  if (tapped) {
    const still = moved.prompt === 0 && moved.completion === 0;
    const what = `every request passed the tap in front of the engine, but ${text}`;
    const finding = still
      ? failed(on, what, "The metrics page belongs to another server: correct metricsUrl.")
      : warning(on, what, "Does anybody else use this engine? Token checks of the cells will not be exact.");
    return { finding, sameEngine: true };
  }
  if (ownEngine) {
    const what = `different engines by design: ${text}; no overhead is computed for this arm`;
    return {
      finding: warning(on, what, "Use a mode in which the gateway stands in front of the agent engine."),
      sameEngine: false,
    };
  }
  if (moved.prompt > said.prompt && moved.completion > said.completion)
    return {
      finding: notChecked(
        on,
        `${text}: others use the engine at the same time, so nothing shows whether this arm does`,
      ),
      sameEngine: null,
    };
  return { finding: failed(on, `different engines: ${text}`, forward), sameEngine: false };
}

function bringsOwnEngine({ spec }: RunningArm): boolean {
  return "mode" in spec && spec.mode === "cli";
}

/** Further than this from each other no rounding explains them. */
function isNear(moved: Tokens, said: Tokens, unsure: Tokens): boolean {
  return (
    Math.abs(moved.prompt - said.prompt) <= unsure.prompt &&
    Math.abs(moved.completion - said.completion) <= unsure.completion
  );
}

/** Counters move when a request has ended, so the engine must be idle first. null: `metrics` says what is wrong with the page. */
async function countersOf({ stack, clock, signal }: PreflightContext): Promise<Snapshot | null> {
  const url = stack.agentEngine.metricsUrl;
  const access = metricsAccess(stack.agentEngine);
  await waitUntilIdle(url, { ...access, clock, timeoutMs: 5_000, intervalMs: 50, signal });
  try {
    return await scrape(url, { ...access, clock, timeoutMs: 10_000, signal });
  } catch (error) {
    if (!(error instanceof ScrapeError)) throw error;
    return null;
  }
}

function difference(before: Snapshot | null, after: Snapshot | null): Pick<Seen, "moved" | "unsure"> {
  if (before === null || after === null) return { moved: null };
  const { prompt_tokens, generation_tokens, resolution } = deriveEngineDelta(
    diff(before, after),
    Number.NaN,
    detectProfile(after.exposition.samples),
  );
  if (prompt_tokens === null || generation_tokens === null) return { moved: null };
  const [prompt, completion] = [resolution.prompt_tokens, resolution.generation_tokens];
  return {
    moved: { prompt: prompt_tokens, completion: generation_tokens },
    ...((prompt ?? completion) && {
      unsure: { prompt: prompt?.plus_minus ?? 0, completion: completion?.plus_minus ?? 0 },
    }),
  };
}

function sumOf(replies: readonly Reply[]): Tokens | null {
  const sum = { prompt: 0, completion: 0 };
  for (const { chat } of replies) {
    if (chat === null || chat.usage === null) return null;
    sum.prompt += chat.usage.promptTokens;
    sum.completion += chat.usage.completionTokens;
  }
  return sum;
}

/** Process and start id are those that were read when the stack started. */
async function unchanged({ stack: { agentEngine }, signal, unusable }: PreflightContext): Promise<Finding> {
  const on = nameOf(agentEngine);
  const reason = unusable.get(agentEngine);
  if (reason !== undefined) return notChecked(on, reason);
  const now = await describeEngine(agentEngine, signal);
  const [was, is] = [processText(agentEngine.processIdentity), processText(now.processIdentity)];
  if (was === null || is === null)
    return notChecked(
      on,
      "it names no process (/server_info, metrics page); a restart shows in its counters only",
    );
  return isSameProcess(agentEngine.processIdentity, now.processIdentity)
    ? ok(on, `one process: ${was}`)
    : failed(
        on,
        `it was ${was} when the stack started and is ${is} now`,
        "Something restarts the engine: see its log.",
      );
}
