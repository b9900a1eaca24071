import { messageOf } from "../errors.ts";
import type { Clock } from "../measure/clock.ts";
import type { RunningArm, RunningStack } from "../stack/stack.ts";
import type { PreparedWorkload } from "../workload/workload.ts";

interface WarmUpParts {
  readonly prepared: Pick<PreparedWorkload, "warmUp">;
  readonly stack: Pick<RunningStack, "arms" | "agentEngine" | "death">;
  readonly stop: { readonly cancelled: AbortSignal };
  readonly clock: Clock;
  readonly tell: (text: string) => void;
  readonly phase?: (text: string) => void;
}

/**
 * The first turns of an agent process cost seconds of module loading, which belong to no cell. They go through the first
 * arm that can be used, outside of any segment, so they are in no file and no sum. Throws when none can be used.
 */
export async function warmUp(parts: WarmUpParts): Promise<void> {
  parts.phase?.("warming the agent up");
  const living = parts.stack.arms.filter(({ spec }) => parts.stack.death(spec.name) === null);
  for (const [at, arm] of living.entries()) {
    try {
      await warmUpThrough(arm, parts);
      return;
    } catch (error) {
      if (at === living.length - 1 || parts.stop.cancelled.aborted) throw error;
      parts.tell(`arm ${arm.spec.name} could not be used to warm up: ${messageOf(error)}`);
    }
  }
}

async function warmUpThrough(arm: RunningArm, { prepared, stack, stop, clock }: WarmUpParts): Promise<void> {
  const session = await arm.openSession(`warm-up-${clock.nowNs()}`);
  try {
    await prepared.warmUp({
      agent: {
        role: "agent",
        baseUrl: arm.baseUrl,
        model: stack.agentEngine.model,
        apiKey: session.apiKey,
        headers: {},
      },
      signal: stop.cancelled,
    });
  } finally {
    await session.close(null);
  }
}
