import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";
import { answerChat } from "./chat.ts";
import { RecordedSession } from "./recorded-session.ts";
import { inline, returns, TensorStore, trajectoryTensors, type RecordedTokens } from "./tensors.ts";

export type Release = "proxy" | "v1" | "v2";

export interface ConformanceOptions {
  readonly release: Release;
  readonly adminKey: string;
  /** OpenAI-compatible engine, without /v1. */
  readonly engineUrl: string;
  /** The gateway answers 502 to everything but /health, as AReaL's does without its router. */
  readonly routerDead?: boolean;
  /** Sessions vanish after their reward, so that v2 answers 200 with nothing. */
  readonly losesSessions?: boolean;
}

export interface Reply {
  readonly status: number;
  readonly body: unknown;
}

const detail = (status: number, text: unknown): Reply => ({ status, body: { detail: text } });
const error = (status: number, text: string): Reply => ({ status, body: { error: text } });
const exportBody = z.object({
  session_id: z.string().optional(),
  session_ids: z.array(z.string()).optional(),
  discount: z.number().default(1),
  remove_session: z.boolean().optional(),
});
const shardsBody = z.object({ shard_ids: z.array(z.string()) });

/**
 * Gateway and data proxy of one release of AReaL in one server, as they answer: status codes, bodies, handles, and the
 * traps that a client has to know. Written down from AReaL's code; nothing of Tollgate's is in it.
 */
export class ConformanceServer implements AsyncDisposable {
  readonly #options: ConformanceOptions;
  readonly #server: Server;
  readonly #sessions = new Map<string, RecordedSession>();
  readonly store: TensorStore = new TensorStore(() => new URL(this.url).host);
  #permits = 0;
  /** `METHOD /path`, in order. */
  readonly requests: string[] = [];

  private constructor(options: ConformanceOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async start(options: ConformanceOptions): Promise<ConformanceServer> {
    const server = new ConformanceServer(options);
    server.#server.listen(0, "127.0.0.1");
    await once(server.#server, "listening");
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get openSessions(): number {
    return this.#sessions.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await once(this.#server.close(), "close");
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const route = `${request.method} ${request.url}`;
    this.requests.push(route);
    let text = "";
    for await (const chunk of request.setEncoding("utf8")) text += String(chunk);
    const body: unknown = text === "" ? {} : JSON.parse(text);
    if (/^POST (\/v1)?\/chat\/completions$/.test(route)) {
      await this.#chat(request, { body, response });
      return;
    }
    const { status, body: answer } = await this.#answer(route, { key: keyOf(request), body });
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answer));
  }

  async #answer(
    route: string,
    call: { readonly key: string | null; readonly body: unknown },
  ): Promise<Reply> {
    if (route === "GET /health") return { status: 200, body: this.#health() };
    if (route.includes(" /data/")) return this.#data(route, call.body);
    const known: Record<string, () => Reply | Promise<Reply>> = {
      "POST /rl/start_session": () => this.#admin(call, () => this.#start(call.body)),
      "POST /rl/set_reward": () => this.#setReward(call),
      "POST /export_trajectories": () => this.#admin(call, () => this.#export(call.body)),
      ...(this.#options.release === "v2"
        ? {}
        : { "POST /grant_capacity": () => this.#admin(call, () => this.#grant()) }),
      ...(this.#options.release === "proxy" ? { "POST /rl/end_session": () => this.#end(call) } : {}),
    };
    const handler = known[route];
    if (handler === undefined) return detail(404, "Not Found");
    if (this.#options.routerDead === true)
      return error(502, "Router unreachable: All connection attempts failed");
    return handler();
  }

  #health() {
    const { size: sessions } = this.#sessions;
    return { status: "ok", backend: this.#options.engineUrl, sessions, paused: false, version: 0 };
  }

  #admin(
    call: { readonly key: string | null },
    handler: () => Reply | Promise<Reply>,
  ): Reply | Promise<Reply> {
    if (call.key === null) {
      return detail(401, "Missing or malformed Authorization header. Expected 'Bearer <token>'.");
    }
    return call.key === this.#options.adminKey ? handler() : detail(403, "Invalid admin API key.");
  }

  #grant(): Reply {
    this.#permits += 1;
    return { status: 200, body: { capacity: this.#permits } };
  }

  #start(body: unknown): Reply {
    const { task_id: taskId, group_size: groupSize } = z
      .object({ task_id: z.string(), group_size: z.number().default(1) })
      .parse(body);
    const { release } = this.#options;
    const refused = "No available capacity to start a new session";
    if (release === "proxy" && this.#permits === 0) return detail(429, refused);
    const opened = Array.from({ length: release === "v2" ? groupSize : 1 }, () => this.#open(taskId));
    if (release === "v2") {
      const sessions = opened.map(({ id, key }) => ({ session_id: id, session_api_key: key }));
      return { status: 201, body: { group_id: `grp-${randomUUID()}`, sessions } };
    }
    // v1 asks the router for the permit after its data proxy has the session, which then stays.
    if (release === "v1" && this.#permits === 0) {
      return error(502, `Session created on worker but router registration failed: 429 ${refused}`);
    }
    this.#permits -= 1;
    const [session] = opened;
    return {
      status: release === "v1" ? 201 : 200,
      body: { session_id: session?.id, api_key: session?.key },
    };
  }

  /** The first number that is free: ids come back after removal. */
  #open(taskId: string): RecordedSession {
    let number = 0;
    while (this.#sessions.has(`${taskId}-${number}`)) number += 1;
    const session = new RecordedSession(`${taskId}-${number}`, randomBytes(32).toString("base64url"));
    this.#sessions.set(session.id, session);
    return session;
  }

  #byKey(key: string | null): RecordedSession | undefined {
    return [...this.#sessions.values()].find((session) => session.key === key);
  }

  #setReward(call: { readonly key: string | null; readonly body: unknown }): Reply {
    const { reward } = z.object({ reward: z.number() }).parse(call.body);
    const session = this.#byKey(call.key);
    if (session === undefined) return error(401, "Unknown API key");
    if (this.#options.release === "proxy") {
      if (session.ended) return detail(410, `Session ${session.id} already ended or expired`);
      return session.noteReward(reward)
        ? { status: 200, body: { message: "success" } }
        : detail(400, "No interactions in session");
    }
    const receipt = session.reward(reward);
    if (receipt === null) return detail(400, "No interactions in session");
    if (this.#options.losesSessions === true) this.#sessions.delete(session.id);
    const body = {
      message: "success",
      interaction_count: receipt.count,
      session_id: session.id,
      trajectory_id: receipt.trajectoryId,
      trajectory_ready: true,
      ready_transition: receipt.first,
    };
    return { status: 200, body };
  }

  #end(call: { readonly key: string | null }): Reply {
    const session = this.#byKey(call.key);
    if (session === undefined) return detail(410, "Session already ended or expired");
    session.ended = true;
    return { status: 200, body: { message: "success", interaction_count: session.count } };
  }

  async #export(body: unknown): Promise<Reply> {
    const asked = exportBody.parse(body);
    const { release } = this.#options;
    if (release === "v2") return this.#exportGroup(asked);
    const session = this.#sessions.get(asked.session_id ?? "");
    if (session === undefined) return detail(404, `Session ${asked.session_id} not found`);
    if (release === "proxy") {
      // AReaL's export waits for the end of the session without a limit.
      while (!session.ended) await new Promise((resolve) => setTimeout(resolve, 20));
      this.#sessions.delete(session.id);
      return { status: 200, body: { interactions: this.#interactions(session.tokens(), asked.discount) } };
    }
    const calls = session.latest();
    if (calls === null) return detail(409, `No ready trajectories for session ${session.id}`);
    if (asked.remove_session === true) this.#sessions.delete(session.id);
    return { status: 200, body: { interactions: this.#interactions(calls, asked.discount) } };
  }

  /** One entry per call; in the older stack the tensors themselves are in it. */
  #interactions(calls: readonly RecordedTokens[], discount: number): Record<string, unknown> {
    const rewards = returns(calls, discount);
    return Object.fromEntries(
      calls.map((call, at) => {
        const tensors = Object.entries(trajectoryTensors([call], discount));
        const written = tensors.map(([name, tensor]) => [
          name,
          this.#options.release === "proxy" ? inline(tensor) : this.store.handle(tensor),
        ]);
        const { interactionId } = call;
        const entry = {
          tensor_dict: Object.fromEntries(written),
          reward: rewards[at],
          interaction_id: interactionId,
        };
        return [interactionId, entry];
      }),
    );
  }

  /** Unknown sessions, and those without a trajectory, are passed over: 200 with nothing in it. */
  #exportGroup(asked: z.infer<typeof exportBody>): Reply {
    if (!asked.session_ids?.length) return error(400, "session_ids is required");
    const calls = asked.session_ids.flatMap((id) => this.#sessions.get(id)?.latest() ?? []);
    if (asked.remove_session ?? true) for (const id of asked.session_ids) this.#sessions.delete(id);
    if (calls.length === 0) return { status: 200, body: { traj: {} } };
    const tensors = Object.entries(trajectoryTensors(calls, asked.discount));
    const traj = Object.fromEntries(tensors.map(([name, tensor]) => [name, this.store.handle(tensor)]));
    return { status: 200, body: { traj } };
  }

  #data(route: string, body: unknown): Reply {
    const { shard_ids: shardIds } = shardsBody.parse(body);
    if (route === "POST /data/batch") return this.store.batch(shardIds);
    if (route === "DELETE /data/clear") return { status: 200, body: this.store.clear(shardIds) };
    return detail(404, "Not Found");
  }

  async #chat(
    request: IncomingMessage,
    { body, response }: { readonly body: unknown; readonly response: ServerResponse },
  ): Promise<void> {
    const session = this.#byKey(keyOf(request));
    if (
      this.#options.routerDead === true ||
      (session === undefined && keyOf(request) !== this.#options.adminKey)
    ) {
      const refused =
        this.#options.routerDead === true ? error(502, "Router unreachable") : error(401, "Unknown API key");
      response
        .writeHead(refused.status, { "content-type": "application/json" })
        .end(JSON.stringify(refused.body));
      return;
    }
    await answerChat({ body, response, engineUrl: this.#options.engineUrl, session: session ?? null });
  }
}

function keyOf(request: IncomingMessage): string | null {
  return /^bearer (.+)$/i.exec(request.headers.authorization ?? "")?.[1]?.trim() ?? null;
}
