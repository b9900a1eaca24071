import { appendFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, StartError } from "../../errors.ts";
import { armToCompare } from "../../fidelity/rewrites.ts";
import type { LoadThread } from "../../load/load-thread.ts";
import type { LoadPlan, LoadResult, LoadSession } from "../../load/load.ts";
import { arrivalOffsetsNs, parseLoad } from "../../load/schedule.ts";
import type { Clock } from "../../measure/clock.ts";
import { schedulingText } from "../../measure/real-time.ts";
import { createRng } from "../../statistics/rng.ts";
import { flushCache } from "../../stack/engine.ts";
import type { ArmSession, RunningArm, RunningStack } from "../../stack/stack.ts";
import type { ReplayArm, ReplayPlan, ReplaySetting } from "../../store/replay-plan.ts";
import { segmentPath, type RunDirectory } from "../../store/run-directory.ts";
import { identityHeaders } from "../../workload/exchange.ts";
import { cellIdOf, segmentIdOf } from "../../store/leg-name.ts";
import { measure } from "../measured-section.ts";
import type { Conversation } from "../../evidence/recording.ts";
import type { ReplayWatcher } from "./replay-progress.ts";
import { drawSalt, replayBody } from "./request-body.ts";

export interface ReplayParts {
  readonly plan: ReplayPlan;
  readonly conversations: readonly Conversation[];
  readonly stack: RunningStack;
  readonly run: RunDirectory;
  readonly thread: LoadThread;
  readonly clock: Clock;
  readonly stop: { readonly asked: AbortSignal; readonly cancelled: AbortSignal };
  /** Whether the bodies of the first block are kept for as long as it takes to compare them. */
  readonly compareBodies: boolean;
  readonly limits: { readonly callMs: number; readonly drainMs: number; readonly failures: number };
  readonly tell: (text: string) => void;
  /** Told of every turn; absent: a line of it goes to `tell`. */
  readonly watcher?: ReplayWatcher;
  /** Monotonic nanoseconds: no block is begun that would probably not end by then. Absent: all blocks are run. */
  readonly deadlineNs?: number;
}

/** One arm's turn in a block: all conversations once. */
export interface Leg {
  readonly setting: ReplaySetting;
  readonly arm: ReplayArm;
  readonly block: number;
  readonly position: number;
}

/** All conversations once, as a measured section: what a sweep does around a segment. */
export async function runLeg(
  whole: ReplayParts,
  leg: Leg,
): Promise<{ readonly cellId: string; readonly segmentId: string }> {
  const parts = { ...whole, conversations: sentIn(leg.setting, whole) };
  const { stack, run, stop } = parts;
  const place = { cellId: cellIdOf(leg.setting, leg.arm), segmentId: segmentIdOf(leg) };
  const name = `${place.cellId}/${place.segmentId}`;
  const arm = stack.arms.find(({ spec }) => spec.name === leg.arm.arm);
  if (arm === undefined) throw new Error(`the stack has no arm ${leg.arm.arm}`);
  let sessions: readonly ArmSession[] = [];
  let load: LoadResult | null = null;
  await measure(parts, {
    ...place,
    load: leg.setting.load,
    arm: armToCompare(arm),
    engines: [stack.agentEngine],
    gatewayPage: null,
    // Enough to compare what enters an arm with what reaches the engine; the later blocks are spared what that costs.
    keepBodies: leg.block === 0 && parts.compareBodies,
    prepare: async () => {
      const cacheFlushed = leg.setting.cache === "flush";
      if (cacheFlushed) await flush(parts);
      sessions = await openSessions(arm, sessionKeys(parts, name));
      return cacheFlushed;
    },
    work: async () => {
      const plan = loadPlan(parts, leg, { arm, sessions, name });
      load = await parts.thread.run(plan, { drain: stop.asked, cancel: stop.cancelled });
      return load.notSent === 0 && !stop.cancelled.aborted;
    },
    finish: async (directory) => {
      const closeMs = await closeSessions(parts, sessions);
      if (load === null) return { pressure: [] };
      await writeLoad(run, directory, { load, openMs: sessions.map(({ startMs }) => startMs), closeMs });
      return {
        pressure: [
          {
            process: "timing thread",
            eventLoopUtilization: load.timingThread.busyShare,
            loopDelayMs: load.timingThread.loopDelayMs,
            scheduling: schedulingText(await parts.thread.scheduling),
          },
        ],
      };
    },
  });
  // The recorded run has them.
  for (const name of ["bodies.ndjson", "bodies.ndjson.zst"])
    await rm(join(segmentPath(run.path, place), name), { force: true });
  return place;
}

/** A turn of a higher load may need more of them than one of a lower load. */
function sentIn({ conversations: count }: ReplaySetting, { conversations }: ReplayParts) {
  return count === undefined ? conversations : conversations.slice(0, count);
}

/** A gateway sees each of these once in its life. */
function sessionKeys({ conversations }: ReplayParts, name: string): readonly string[] {
  return conversations.map((_, at) => `replay-${name.replace("/", "-")}-${at}`);
}

async function openSessions(arm: RunningArm, keys: readonly string[]): Promise<readonly ArmSession[]> {
  const sessions: ArmSession[] = [];
  for (const key of keys) sessions.push(await arm.openSession(key));
  return sessions;
}

async function closeSessions(
  parts: ReplayParts,
  sessions: readonly ArmSession[],
): Promise<readonly (number | null)[]> {
  const spent: (number | null)[] = [];
  for (const session of sessions) {
    try {
      spent.push((await session.close(null)).exportMs);
    } catch (error) {
      spent.push(null);
      parts.tell(`a session could not be closed: ${messageOf(error)}`);
    }
  }
  return spent;
}

interface Target {
  readonly arm: RunningArm;
  readonly sessions: readonly ArmSession[];
  readonly name: string;
}

/** Opens connections and lets every part run warm; nothing of it is recorded. */
export async function warmUp(parts: ReplayParts, setting: ReplaySetting): Promise<void> {
  const some = { ...parts, conversations: parts.conversations.slice(0, warmUpConversations) };
  for (const reached of parts.stack.arms) {
    const known = parts.plan.arms.find(({ arm }) => arm === reached.spec.name);
    if (known === undefined || parts.stop.asked.aborted) continue;
    const name = `${cellIdOf(setting, known)}/warm-up`;
    const sessions = await openSessions(reached, sessionKeys(some, name));
    const leg = { setting, arm: known, block: -1, position: 0 };
    await parts.thread.run(loadPlan(some, leg, { arm: reached, sessions, name }), {
      drain: parts.stop.asked,
      cancel: parts.stop.cancelled,
    });
    await closeSessions(parts, sessions);
  }
}

const warmUpConversations = 4;

/** Arrivals and order are the same for every leg of a block; salts are another for each leg. */
function loadPlan(parts: ReplayParts, leg: Leg, target: Target): LoadPlan {
  const { plan, conversations, stack } = parts;
  const saltRng = createRng(hash(`${plan.seed} ${target.name}`));
  const draw = () => drawSalt(() => saltRng.next());
  const base = { model: stack.agentEngine.model, maxTokens: plan.maxTokens, temperature: plan.temperature };
  const keys = sessionKeys(parts, target.name);
  const sessions = conversations.map(({ requests }, at): LoadSession => {
    const key = keys[at] ?? "";
    const sessionSalt = draw();
    return {
      key: String(at),
      headers: {
        authorization: `Bearer ${target.sessions[at]?.apiKey ?? stack.agentEngine.apiKey}`,
        [identityHeaders.episode]: key,
        [identityHeaders.attempt]: key,
      },
      requests: requests.map(({ path, body, thinkMs }, index) => {
        const salt = { flush: null, salt: sessionSalt, cold: draw() }[leg.setting.cache];
        const id = `${target.name}/${at}-${index}`;
        return {
          id,
          path,
          body: replayBody(body, { ...base, salt }),
          headers: { [identityHeaders.request]: id },
          thinkMs: thinkMs * plan.thinkScale,
        };
      }),
    };
  });
  const load = parseLoad(leg.setting.load);
  const rng = createRng(hash(`${plan.seed} ${leg.setting.key} ${leg.block}`));
  return {
    url: new URL(target.arm.baseUrl).origin,
    sessions,
    pace:
      load.kind === "closed"
        ? { kind: "closed", users: load.users, staggerMs: 0 }
        : {
            kind: "open",
            startsNs: arrivalOffsetsNs(load.arrivals, { ...load, count: sessions.length, rng }),
          },
    timeoutMs: parts.limits.callMs,
    connectionsMax: null,
    keep: { chunks: false, output: true },
  };
}

/** FNV-1a: a seed of its own for every name. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const character of text) value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return value;
}

async function flush({ stack }: ReplayParts): Promise<void> {
  const advice = "Use --cache salt, which needs no such endpoint.";
  const emptied = await flushCache(stack.agentEngine, AbortSignal.timeout(10_000)).catch((cause: unknown) => {
    throw new StartError("agent engine", `Its prefix cache was not emptied: ${messageOf(cause)}. ${advice}`, {
      cause,
    });
  });
  if (!emptied)
    throw new StartError("agent engine", `It does not empty its prefix cache when asked. ${advice}`);
}

type Milliseconds = readonly (number | null)[];

async function writeLoad(
  run: RunDirectory,
  directory: string,
  sent: { readonly load: LoadResult; readonly openMs: Milliseconds; readonly closeMs: Milliseconds },
): Promise<void> {
  const { samples, ...facts } = sent.load;
  const lines = samples.map((sample) => `${JSON.stringify({ v: 1, ...sample })}\n`);
  await appendFile(join(directory, "samples.ndjson"), lines.join(""));
  const written = { v: 1, ...facts, openMs: sent.openMs, closeMs: sent.closeMs };
  await run.writeFile(join(directory, "load.json"), `${JSON.stringify(written, null, 2)}\n`);
}
