import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { request as sendRequest } from "undici";
import { z } from "zod";
import { StartError, messageOf } from "../errors.ts";
import { boundedText, descriptionBytesMax } from "../host/bounded-body.ts";
import { Upstream } from "./engine/upstream.ts";
import { AdminKey, bearerKey } from "./http/access.ts";
import { ChatRecorder } from "./calls/chat-recorder.ts";
import { DialectError, errorBody } from "./http/dialect-error.ts";
import { EngineError, type EngineConnection } from "./engine/engine-request.ts";
import { GatewayMetrics } from "./calls/gateway-metrics.ts";
import { defaultLimits, type GatewayIo, type GatewayLimits, type GatewayOptions } from "./options.ts";
import { requestJson } from "./http/request-json.ts";
import { discardRest } from "./http/request-text.ts";
import type { Session } from "./sessions/session.ts";
import { SessionLog } from "./sessions/session-log.ts";
import { SessionStore } from "./sessions/session-store.ts";
import {
  exportedTrajectory,
  exportRequestSchema,
  exportText,
  requireStyle,
  requireTokens,
  tensorText,
} from "./trajectories/trajectory-export.ts";

interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}
type Handler = (call: Call) => Promise<void>;

const startSessionSchema = z.object({
  task_id: z.string().min(1),
  api_key: z.string().min(1).nullish(),
  group_size: z.int().min(1).max(1_024).nullish(),
});
const setRewardSchema = z.object({
  reward: z.number(),
  interaction_id: z.string().nullish(),
  /** Not in AReaL's dialect, where a timeout after the reward decides: false for the reward of one turn. */
  final: z.boolean().nullish(),
});
const modelsSchema = z.object({ data: z.array(z.object({ id: z.string() })) });
const headBytesMax = 64 * 1024;

/** A recording gateway in AReaL's v2 dialect. One instance serves one engine. */
export class Gateway implements AsyncDisposable {
  readonly #options: GatewayOptions;
  readonly #io: GatewayIo;
  readonly #limits: GatewayLimits;
  readonly #engine: EngineConnection;
  readonly #log: SessionLog | null;
  readonly #admin: AdminKey;
  readonly #sessions: SessionStore;
  readonly #metrics: GatewayMetrics;
  readonly #server: Server;
  readonly #recorder: ChatRecorder;
  readonly #routes: Readonly<Record<string, Handler>>;

  private constructor(options: GatewayOptions, io: GatewayIo, log: SessionLog | null) {
    this.#options = options;
    this.#io = io;
    this.#limits = { ...defaultLimits, ...options.limits };
    const url = options.engineUrl.replace(/\/+$/, "").replace(/\/v1$/, "");
    this.#engine = {
      dispatcher: new Upstream(new URL(url).origin),
      url,
      apiKey: options.engineApiKey ?? null,
    };
    this.#admin = new AdminKey(options.adminKey);
    const { level } = options;
    this.#log = log;
    this.#sessions = new SessionStore(this.#limits, io, { level, log });
    this.#metrics = new GatewayMetrics(this.#sessions);
    this.#recorder = new ChatRecorder(options, {
      engine: this.#engine,
      sessions: this.#sessions,
      metrics: this.#metrics,
      bodyBytesMax: this.#limits.bodyBytesMax,
      randomUuid: io.randomUuid,
    });
    const chat: Handler = (call) => this.#chat(call);
    const models: Handler = (call) => this.#models(call);
    this.#routes = {
      "GET /health": async ({ response }) =>
        this.#answer(response, 200, { status: "ok", engine: this.#engine.url, level }),
      "GET /metrics": ({ response }) => this.#prometheus(response),
      "GET /models": models,
      "GET /v1/models": models,
      "POST /chat/completions": chat,
      "POST /v1/chat/completions": chat,
      "POST /rl/start_session": (call) => this.#startSession(call),
      "POST /rl/set_reward": (call) => this.#setReward(call),
      "POST /export_trajectories": (call) => this.#export(call),
      "POST /rl/discard_session": (call) => this.#discard(call),
    };
    this.#server = createServer(
      { keepAliveTimeout: 3_600_000, requestTimeout: 0, maxHeaderSize: headBytesMax, noDelay: true },
      (request, response) => void this.#serve({ request, response }),
    );
  }

  /** @throws {StartError} when the port is taken */
  static async start(options: GatewayOptions, io: GatewayIo): Promise<Gateway> {
    const { log, lines } =
      options.logFile === undefined
        ? { log: null, lines: [] }
        : SessionLog.open(options.logFile, (line) => io.err(line));
    using unused = new DisposableStack();
    if (log !== null) unused.use(log);
    const gateway = new Gateway(options, io, log);
    gateway.#restore(lines);
    await gateway.#recorder.learn((line) => io.err(line));
    unused.move();
    const host = options.host ?? "127.0.0.1";
    try {
      gateway.#server.listen(options.port, host);
      await once(gateway.#server, "listening");
    } catch (cause) {
      await gateway[Symbol.asyncDispose]();
      throw new StartError(
        "gateway",
        `The gateway cannot listen on ${host}:${options.port}: ${messageOf(cause)}; choose another --port, or 0 for a free one`,
        {
          cause,
        },
      );
    }
    return gateway;
  }

  #restore(lines: readonly unknown[]): void {
    try {
      this.#sessions.restore(lines);
    } catch (cause) {
      throw new StartError(
        "gateway",
        `The log ${this.#options.logFile ?? ""} cannot be taken up: ${messageOf(cause)}. Start the gateway as the one that wrote it, or give --log another file.`,
        { cause },
      );
    }
    if (this.#sessions.count > 0)
      this.#io.err(`${this.#sessions.count} open sessions taken up from the log.`);
  }

  get url(): string {
    const { address, family, port } = this.#server.address() as AddressInfo;
    return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await this.#engine.dispatcher.destroy();
    this.#log?.[Symbol.dispose]();
  }

  /** The HTTP boundary: what is thrown inside becomes the answer to this one request. */
  async #serve(call: Call): Promise<void> {
    // Not by URL: it throws at targets such as `//`, which any client may send.
    const [path = ""] = (call.request.url ?? "/").split("?");
    const route = `${call.request.method} ${path}`;
    const known = this.#routes[route];
    call.response.once("close", () => {
      this.#metrics.requests.inc({
        route: known === undefined ? "other" : route,
        status: call.response.statusCode,
      });
    });
    try {
      if (known === undefined) throw this.#noSuchRoute(path);
      await known(call);
    } catch (thrown) {
      const refused = thrown instanceof DialectError;
      if (!refused && !(thrown instanceof EngineError))
        this.#io.err(`${route} failed: ${thrown instanceof Error ? thrown.stack : String(thrown)}`);
      if (call.response.headersSent) {
        // A stream that ended with an error in it is over; anything else must not look complete.
        if (!call.response.writableEnded) call.response.destroy();
        return;
      }
      discardRest(call.request);
      if (thrown instanceof EngineError) this.#answer(call.response, thrown.status, thrown.body);
      else this.#answer(call.response, refused ? thrown.status : 500, errorBody(messageOf(thrown)));
    }
  }

  #noSuchRoute(path: string): DialectError {
    const other = Object.keys(this.#routes).some((route) => route.endsWith(` ${path}`));
    return other ? new DialectError(405, "Method Not Allowed") : new DialectError(404, "Not Found");
  }

  async #startSession({ request, response }: Call): Promise<void> {
    this.#admin.require(request.headers.authorization);
    const body = await requestJson(request, startSessionSchema);
    const apiKey = body.api_key ?? null;
    const groupSize = body.group_size ?? 1;
    if (apiKey !== null && groupSize !== 1) throw new DialectError(400, "api_key needs a group_size of 1");
    if (apiKey !== null && this.#admin.matches(apiKey))
      throw new DialectError(409, "api_key is the admin key");
    const { groupId, sessions } = this.#sessions.start(body.task_id, { groupSize, apiKey });
    this.#answer(response, 201, {
      group_id: groupId,
      sessions: sessions.map(({ id, key }) => ({ session_id: id, session_api_key: key })),
    });
  }

  async #setReward({ request, response }: Call): Promise<void> {
    const session = this.#sessionOf(request);
    const body = await requestJson(request, setRewardSchema);
    if (session === null) throw new DialectError(400, "No interactions in session");
    const late = session.lateCalls;
    const { reward, interaction_id: interactionId = null, final } = body;
    const receipt = this.#sessions.setReward(session, { reward, interactionId, final: final ?? true });
    this.#metrics.lateCalls.inc(session.lateCalls - late);
    if (receipt.ready && !receipt.transition) this.#metrics.repeatedRewards.inc();
    this.#answer(response, 200, {
      message: "success",
      interaction_count: receipt.interactionCount,
      session_id: session.id,
      trajectory_id: receipt.trajectoryId,
      trajectory_ready: receipt.ready,
      ready_transition: receipt.transition,
    });
  }

  async #export({ request, response }: Call): Promise<void> {
    this.#admin.require(request.headers.authorization);
    const body = await requestJson(request, exportRequestSchema);
    if (!body.session_ids?.length) throw new DialectError(400, "session_ids is required");
    const { level } = this.#options;
    const style = requireStyle(body.style ?? "individual", level);
    const trajectories = body.session_ids.map((id) => {
      const session = this.#sessions.byId(id);
      const trajectoryId = session.closedTrajectory(body.trajectory_id ?? null);
      return exportedTrajectory(session, trajectoryId, {
        dropRetryOrphans: body.drop_retry_orphans ?? true,
        level,
      });
    });
    const settings = {
      discount: body.discount ?? 1,
      style,
      level,
      streaming: this.#recorder.streaming,
      tokenizerSha256: this.#recorder.tokenizerSha256,
      toolForm: this.#recorder.toolForm,
    };
    if (style === "concat") requireTokens(trajectories, "in 'concat' style");
    if (body.form === "tensors") {
      requireTokens(trajectories, "as tensors");
      this.#answer(response, 200, tensorText(trajectories, settings));
      await once(response, "finish");
    } else {
      response.writeHead(200, { "content-type": "application/json" });
      await pipeline(Readable.from(exportText(trajectories, settings)), response);
    }
    // Not before the whole of it has been sent: an export that broke can be asked for again.
    if (body.remove_session ?? true) for (const { session } of trajectories) this.#sessions.remove(session);
  }

  /** Not in AReaL's dialect, where a session that never got a reward stays for ever. */
  async #discard({ request, response }: Call): Promise<void> {
    this.#admin.require(request.headers.authorization);
    const body = await requestJson(request, z.object({ session_id: z.string() }));
    this.#sessions.remove(this.#sessions.byId(body.session_id));
    this.#answer(response, 200, { message: "success" });
  }

  async #chat({ request, response }: Call): Promise<void> {
    const session = this.#sessionOf(request);
    this.#sessions.requireMemory();
    this.#sessions.requireWritten();
    await this.#recorder.record({ request, response, session });
  }

  async #models({ request, response }: Call): Promise<void> {
    this.#admin.require(request.headers.authorization);
    this.#answer(response, 200, { models: await this.#modelNames() });
  }

  async #modelNames(): Promise<readonly string[]> {
    const key = this.#engine.apiKey;
    try {
      const { statusCode, body } = await sendRequest(`${this.#engine.url}/v1/models`, {
        dispatcher: this.#engine.dispatcher,
        headers: key === null ? {} : { authorization: `Bearer ${key}` },
        signal: AbortSignal.timeout(10_000),
      });
      const text = await boundedText(body, descriptionBytesMax);
      if (statusCode !== 200) throw new Error(`status ${statusCode}: ${text.slice(0, 200)}`);
      return modelsSchema.parse(JSON.parse(text)).data.map(({ id }) => id);
    } catch (cause) {
      throw new DialectError(
        502,
        `The engine at ${this.#engine.url} does not list its models: ${messageOf(cause)}`,
      );
    }
  }

  async #prometheus(response: ServerResponse): Promise<void> {
    const { registry } = this.#metrics;
    response.setHeader("content-type", registry.contentType);
    response.end(await registry.metrics());
  }

  /** The session of the caller's key; null for the admin key, which belongs to none. */
  #sessionOf({ headers }: IncomingMessage): Session | null {
    const key = bearerKey(headers.authorization);
    const session = this.#sessions.byKey(key);
    if (session === null && !this.#admin.matches(key)) throw new DialectError(401, "Unknown API key");
    return session;
  }

  /** @param body text is taken as JSON that is written already */
  #answer(response: ServerResponse, status: number, body: string | object): void {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    response.writeHead(status, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(text),
    });
    response.end(text);
  }
}
