import type { Clock } from "../measure/clock.ts";
import type { RunningStack } from "../stack/stack.ts";
import type { PreparedWorkload } from "../workload/workload.ts";

interface WarmUpParts {
  readonly prepared: Pick<PreparedWorkload, "warmUp">;
  readonly stack: Pick<RunningStack, "arms" | "agentEngine">;
  readonly stop: { readonly cancelled: AbortSignal };
  readonly clock: Clock;
}

/**
 * The first turns of an agent process cost seconds of module loading, which belong to no cell. They go through the first
 * arm, outside of any segment, so they are in no file and no sum.
 */
export async function warmUp({ prepared, stack, stop, clock }: WarmUpParts): Promise<void> {
  const arm = stack.arms[0];
  if (!arm) return;
  const session = await arm.openSession(`warm-up-${clock.nowNs()}`);
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
  await session.close(null);
}
