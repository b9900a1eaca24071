import { expect } from "vitest";
import { request } from "undici";
import { TollgateProcess } from "../e2e/tollgate-process.ts";

export const adminKey = "admin-key";

/** The gateway as a user starts it. */
export class GatewayProcess implements AsyncDisposable {
  readonly process: TollgateProcess;
  readonly url: string;

  private constructor(process: TollgateProcess) {
    this.process = process;
    this.url = (JSON.parse(process.stdout) as { url: string }).url;
  }

  static async start(engineUrl: string, ...flags: readonly string[]): Promise<GatewayProcess> {
    const process = new TollgateProcess(
      ["gateway", "--engine", engineUrl, "--port", "0", "--admin-key-env", "ADMIN_KEY", ...flags],
      { ADMIN_KEY: adminKey },
    );
    await process.until(() => process.stdout.includes("\n"), { what: "a ready line" });
    return new GatewayProcess(process);
  }

  async kill(): Promise<void> {
    this.process.child.kill("SIGKILL");
    await this.process.finished();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process[Symbol.asyncDispose]();
  }
}

export interface Reply {
  readonly status: number;
  readonly text: string;
}

export async function send(url: string, key: string, body: unknown): Promise<Reply> {
  const response = await request(url, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: response.statusCode, text: await response.body.text() };
}

/** The answer's JSON; what was said is shown when the status is another one. */
export function expectJson({ status, text }: Reply, expected = 200): unknown {
  expect({ status, said: status === expected ? null : text }).toEqual({ status: expected, said: null });
  return JSON.parse(text);
}

export interface ExportedCall {
  readonly interaction_id: string;
  readonly reward: number;
  readonly original_reward: number | null;
  readonly response: string;
  readonly streamed: boolean;
  readonly tokens: {
    readonly parent: number | null;
    readonly shared_tokens: number;
    readonly break_cause: string | null;
    readonly prompt_tail: readonly number[];
    readonly output_ids: readonly number[];
    readonly output_logprobs: readonly number[];
  } | null;
}

export interface ExportedTraj {
  readonly level: string;
  readonly streaming: string;
  readonly leaves?: readonly string[];
  readonly sessions: readonly {
    readonly dropped: readonly object[];
    readonly late_calls: number;
    readonly failed_calls: number;
  }[];
  readonly interactions: readonly ExportedCall[];
}

/** What an agent's side does with a gateway, without judging the answers. */
export class GatewayUser {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async startSession(taskId: string): Promise<{ readonly id: string; readonly key: string }> {
    const started = expectJson(
      await send(`${this.#url}/rl/start_session`, adminKey, { task_id: taskId }),
      201,
    );
    const { sessions } = started as { sessions: [{ session_id: string; session_api_key: string }] };
    return { id: sessions[0].session_id, key: sessions[0].session_api_key };
  }

  chat(key: string, body: unknown): Promise<Reply> {
    return send(`${this.#url}/v1/chat/completions`, key, body);
  }

  reward(key: string, body: object = { reward: 1 }): Promise<Reply> {
    return send(`${this.#url}/rl/set_reward`, key, body);
  }

  export(id: string, more: object = {}): Promise<Reply> {
    return send(`${this.#url}/export_trajectories`, adminKey, { session_ids: [id], ...more });
  }

  async exported(id: string, more: object = {}): Promise<ExportedTraj> {
    return (expectJson(await this.export(id, more)) as { traj: ExportedTraj }).traj;
  }
}
