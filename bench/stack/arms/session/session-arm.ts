import { millisecondsBetween, systemClock } from "../../../measure/clock.ts";
import type { ArmSession, ClosedSession } from "../../stack.ts";
import type { SessionExport } from "./dialect.ts";
import type { SessionClient } from "./session-client.ts";

export interface SessionArmOptions {
  readonly client: SessionClient;
  /** Reads what was exported; null where it is not kept. Throws SessionError for what cannot be believed. */
  readonly recorded: (
    exported: SessionExport,
    facts: { readonly reward: number; readonly interactionCount: number | null },
  ) => ClosedSession["recorded"];
}

/** One session per episode: started, rewarded, exported, removed. */
export async function openGatewaySession(
  { client, recorded }: SessionArmOptions,
  attemptKey: string,
): Promise<ArmSession> {
  const { value: session, ms } = await timed(() => client.startSession(attemptKey));
  return {
    apiKey: session.apiKey,
    startMs: ms,
    close: async (reward) => {
      const receipt = reward === null ? null : await timed(() => client.setReward(session, reward));
      const closed = receipt?.value != null;
      const exported = await timed(() => client.exportSession(session, { closed }));
      return {
        rewardMs: receipt?.ms ?? null,
        exportMs: exported.ms,
        interactions: exported.value?.interactions ?? null,
        recorded:
          exported.value === null || reward === null
            ? null
            : recorded(exported.value, {
                reward,
                interactionCount: receipt?.value?.interactionCount ?? null,
              }),
      };
    },
  };
}

async function timed<T>(action: () => Promise<T>): Promise<{ readonly value: T; readonly ms: number }> {
  const startedNs = systemClock.nowNs();
  const value = await action();
  return { value, ms: millisecondsBetween(startedNs, systemClock.nowNs()) };
}
