import { request, type Dispatcher } from "undici";
import { z } from "zod";
import { messageOf } from "../../bench/errors.ts";
import { SessionError } from "../../bench/stack/arms/session/session-error.ts";

export interface GatewaySession {
  readonly sessionId: string;
  readonly groupId: string;
  /** Bearer key of the session's model calls. */
  readonly apiKey: string;
}

export interface RewardReceipt {
  readonly interactionCount: number;
  readonly trajectoryId: number;
  /** False when the trajectory had a reward already, which then stands. */
  readonly transition: boolean;
}

/** What came back from an export: the part every level has. The rest of `raw` depends on the gateway. */
export interface SessionExport {
  /** Recorded calls. */
  readonly interactions: number;
  /** The text of the answer, as it came. */
  readonly raw: string;
}

export interface SessionClientOptions {
  readonly url: string;
  readonly adminKey: string;
  /** For one call. */
  readonly timeoutMs?: number;
  readonly dispatcher?: Dispatcher;
}

const startedSchema = z.object({
  group_id: z.string(),
  sessions: z.array(z.object({ session_id: z.string(), session_api_key: z.string() })).min(1),
});
const receiptSchema = z.object({
  interaction_count: z.number(),
  trajectory_id: z.number(),
  ready_transition: z.boolean(),
});
const exportSchema = z.object({ traj: z.looseObject({ interactions: z.array(z.unknown()).optional() }) });
const refusalSchema = z.object({ detail: z.unknown(), error: z.unknown() }).partial();

/** Everything that Tollgate's gateway offers, groups and discounts with it, which the driver does not use. */
export class GatewaySessionClient {
  readonly #options: SessionClientOptions;
  readonly #url: string;

  constructor(options: SessionClientOptions) {
    this.#options = options;
    this.#url = options.url.replace(/\/+$/, "");
  }

  /** @param session `taskId` must be unique among all tasks that the gateway ever sees: ids are reused after removal. */
  async startSession(session: { readonly taskId: string }): Promise<GatewaySession> {
    const [started] = await this.startGroup({ taskId: session.taskId, groupSize: 1 });
    return started;
  }

  /** Several sessions of one task, for group-relative advantages. */
  async startGroup(group: {
    readonly taskId: string;
    readonly groupSize: number;
  }): Promise<readonly [GatewaySession, ...GatewaySession[]]> {
    const body = { task_id: group.taskId, group_size: group.groupSize };
    const answer = await this.#post("/rl/start_session", { key: this.#options.adminKey, body });
    const { group_id: groupId, sessions } = this.#read("/rl/start_session", answer, startedSchema);
    const [first, ...others] = sessions.map((one) => ({
      sessionId: one.session_id,
      groupId,
      apiKey: one.session_api_key,
    }));
    if (first === undefined) throw this.#malformed("/rl/start_session", answer);
    return [first, ...others];
  }

  /** Rewards the last call and closes the trajectory. null when the session has no complete call to reward. */
  async setReward(session: GatewaySession, reward: number): Promise<RewardReceipt | null> {
    const answer = await this.#post("/rl/set_reward", {
      key: session.apiKey,
      body: { reward },
      expected: [400],
    });
    if (answer.status === 400) {
      if (answer.text.includes("No interactions in session")) return null;
      throw this.#refusal("/rl/set_reward", answer);
    }
    const receipt = this.#read("/rl/set_reward", answer, receiptSchema);
    return {
      interactionCount: receipt.interaction_count,
      trajectoryId: receipt.trajectory_id,
      transition: receipt.ready_transition,
    };
  }

  /**
   * Collects the session's latest trajectory and removes the session. null when it has none, because no reward was set;
   * the session is then discarded.
   */
  async exportSession(
    session: GatewaySession,
    options: { discount?: number } = {},
  ): Promise<SessionExport | null> {
    const body = {
      session_ids: [session.sessionId],
      group_id: session.groupId,
      style: "individual",
      discount: options.discount ?? 1,
      remove_session: true,
    };
    const answer = await this.#post("/export_trajectories", {
      key: this.#options.adminKey,
      body,
      expected: [409],
    });
    if (answer.status === 409) {
      await this.#discard(session);
      return null;
    }
    const { traj } = this.#read("/export_trajectories", answer, exportSchema);
    // AReaL answers 200 with an empty object when there was nothing to export.
    return Object.keys(traj).length === 0
      ? null
      : { interactions: traj.interactions?.length ?? 0, raw: answer.text };
  }

  async #discard({ sessionId }: GatewaySession): Promise<void> {
    const body = { session_id: sessionId };
    await this.#post("/rl/discard_session", { key: this.#options.adminKey, body, expected: [404] });
  }

  async #post(
    path: string,
    call: { readonly key: string; readonly body: object; readonly expected?: readonly number[] },
  ): Promise<Answer> {
    const answer = await this.#send(path, call);
    if (answer.status < 300 || call.expected?.includes(answer.status)) return answer;
    throw this.#refusal(path, answer);
  }

  async #send(path: string, call: { readonly key: string; readonly body: object }): Promise<Answer> {
    const { timeoutMs = 60_000, dispatcher } = this.#options;
    try {
      const response = await request(this.#url + path, {
        method: "POST",
        headers: { authorization: `Bearer ${call.key}`, "content-type": "application/json" },
        body: JSON.stringify(call.body),
        signal: AbortSignal.timeout(timeoutMs),
        ...(dispatcher === undefined ? {} : { dispatcher }),
      });
      return { status: response.statusCode, text: await response.body.text() };
    } catch (cause) {
      throw new SessionError(path, null, { detail: messageOf(cause), url: this.#url, cause });
    }
  }

  #read<Shape>(path: string, answer: Answer, schema: z.ZodType<Shape>): Shape {
    const shape = schema.safeParse(parse(answer.text));
    if (!shape.success) throw this.#malformed(path, answer, shape.error);
    return shape.data;
  }

  #refusal(path: string, { status, text }: Answer): SessionError {
    const { detail, error } = refusalSchema.safeParse(parse(text)).data ?? {};
    const reason = detail ?? error ?? text.slice(0, 300);
    const said = typeof reason === "string" ? reason : JSON.stringify(reason);
    return new SessionError(path, status, { detail: said, url: this.#url });
  }

  #malformed(path: string, { status, text }: Answer, cause?: unknown): SessionError {
    const detail = `its answer has another shape than AReaL's v2 dialect: ${text.slice(0, 200)}`;
    return new SessionError(path, status, { detail, url: this.#url, cause });
  }
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
