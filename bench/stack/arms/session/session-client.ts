import { parsedJson } from "../../../host/parsed-json.ts";
import type {
  ExpectedExport,
  GatewaySession,
  RewardAnswer,
  SessionDialect,
  SessionExport,
} from "./dialect.ts";
import { dialectProxy } from "./dialect-proxy.ts";
import { dialectV1 } from "./dialect-v1.ts";
import { dialectV2, firstOfGroup, startedGroupSchema } from "./dialect-v2.ts";
import { SessionHttp, type SessionHttpOptions } from "./session-http.ts";
import { startedSession, startedSessionSchema } from "./started-session.ts";

/**
 * The driver's side of the session interface, in whichever release of AReaL the gateway speaks: found out with the first
 * session, by whether permits exist and by status and shape of the answer. Every method rejects with SessionError.
 */
export class SessionClient {
  readonly http: SessionHttp;
  #dialect: Promise<SessionDialect> | null = null;

  constructor(options: SessionHttpOptions) {
    this.http = new SessionHttp(options);
  }

  /** @param taskId must be unique among all tasks that the gateway ever sees: ids are used again after removal */
  async startSession(taskId: string): Promise<GatewaySession> {
    if (this.#dialect !== null) return (await this.#dialect).start(taskId);
    const first = this.#firstSession(taskId);
    // Those who come meanwhile wait for it; should it fail, the next one finds out again.
    this.#dialect = first.then(({ dialect }) => dialect);
    this.#dialect.catch(() => (this.#dialect = null));
    return (await first).session;
  }

  /** Rewards the last call and closes the trajectory. null when the session has no complete call to reward. */
  async setReward(session: GatewaySession, reward: number): Promise<RewardAnswer | null> {
    return (await this.dialect()).setReward(session, reward);
  }

  /** Collects the latest trajectory with its tensors; the gateway then has neither. null for one that was not closed. */
  async exportSession(session: GatewaySession, expected: ExpectedExport): Promise<SessionExport | null> {
    return (await this.dialect()).exportSession(session, expected);
  }

  /** The dialect that the first session showed; v2 before there was one. */
  dialect(): Promise<SessionDialect> {
    return this.#dialect ?? Promise.resolve(dialectV2(this.http));
  }

  async #firstSession(
    taskId: string,
  ): Promise<{ readonly dialect: SessionDialect; readonly session: GatewaySession }> {
    // v2 has no permits. Asked before, because a start without one leaves a session behind in v1's data proxy.
    await this.http.call("/grant_capacity", { body: {}, expected: [404, 405] });
    const answer = await this.http.call("/rl/start_session", { body: { task_id: taskId, group_size: 1 } });
    const flat = startedSessionSchema.safeParse(parsedJson(answer.text));
    if (flat.success) {
      const dialect = answer.status === 201 ? dialectV1(this.http) : dialectProxy(this.http);
      return { dialect, session: startedSession(flat.data) };
    }
    const group = this.http.read("/rl/start_session", answer, startedGroupSchema);
    return { dialect: dialectV2(this.http), session: firstOfGroup(group) };
  }
}
