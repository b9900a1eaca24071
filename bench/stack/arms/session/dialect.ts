import type { TensorRow } from "./tensor-row.ts";

/** A session that is open on a gateway. */
export interface GatewaySession {
  readonly sessionId: string;
  /** null in the dialects without groups. */
  readonly groupId: string | null;
  /** Bearer key of the session's model calls. */
  readonly apiKey: string;
}

export interface RewardAnswer {
  /** Calls of the trajectory as the gateway counts them, failed ones with it; null where the dialect does not say. */
  readonly interactionCount: number | null;
  /** False when the trajectory had a reward already, which then stands. */
  readonly transition: boolean;
}

/** What came back from an export. */
export interface SessionExport {
  /** Calls that were recorded completely. */
  readonly interactions: number;
  /** One per call, in call order; null where the gateway records text, and `raw` is all there is. */
  readonly rows: readonly TensorRow[] | null;
  /** The text of the answer, as it came: for an AReaL of any release, handles without their tensors. */
  readonly raw: string;
}

/** The releases of AReaL that differ on the wire. `proxy` is the older stack, `openai/proxy`. */
export type DialectName = "proxy" | "v1" | "v2";

/**
 * How one release speaks. Every method rejects with SessionError, `exportSession` also when a session with recorded
 * calls exports nothing: AReaL v2 answers 200 then.
 */
export interface SessionDialect {
  readonly name: DialectName;
  /** @param taskId must be unique among all tasks that the gateway ever sees: ids are used again after removal */
  start(taskId: string): Promise<GatewaySession>;
  /** Rewards the last call and closes the trajectory. null when the session has no call to reward. */
  setReward(session: GatewaySession, reward: number): Promise<RewardAnswer | null>;
  /** Collects the latest trajectory, its tensors with it, and removes session and tensors. */
  exportSession(session: GatewaySession, expected: ExpectedExport): Promise<SessionExport | null>;
}

export interface ExpectedExport {
  /** A trajectory was closed; null is then no answer. False: the session is only removed. */
  readonly closed: boolean;
}
