import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { messageOf } from "../errors.ts";
import { ApiError, sendJson } from "./api/http.ts";
import { type Route, routesOf } from "./api/routes.ts";
import type { EngineCore } from "./engine/engine.ts";
import { closeWithin, listenAt } from "../host/listening.ts";

export interface SimulatorServerOptions {
  readonly die: () => void;
  /** Receives the text of a bug: an error that no handler expected. */
  readonly onBug: (text: string) => void;
}

/** HTTP in front of an engine. */
export class SimulatorServer {
  readonly #engine: EngineCore;
  readonly #options: SimulatorServerOptions;
  readonly #routes: ReadonlyMap<string, Route>;
  readonly #server: Server;

  constructor(engine: EngineCore, options: SimulatorServerOptions) {
    this.#engine = engine;
    this.#options = options;
    this.#routes = routesOf(engine.sglang);
    this.#server = createServer((request, response) => {
      void this.#answer(request, response);
    });
  }

  /** Resolves to the base URL. @throws StartError when the port cannot be had */
  async listen(): Promise<string> {
    const { host, port } = this.#engine.options;
    return listenAt(this.#server, { host, port, part: "simulator" });
  }

  /** Stops listening, lets running requests end within `graceMs`, then closes their connections. */
  async close(graceMs: number): Promise<void> {
    await closeWithin(this.#server, graceMs);
    this.#engine.scheduler.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const receivedNs = this.#engine.clockNs();
    this.#setHeads(response);
    this.#count(request, response);
    try {
      const route = this.#routes.get((request.url ?? "/").split("?")[0] ?? "/");
      if (route === undefined) sendJson(response, 404, { detail: "Not Found" });
      else if (!route.methods.includes(request.method ?? "")) {
        response.setHeader("allow", route.methods.join(", "));
        sendJson(response, 405, { detail: "Method Not Allowed" });
      } else
        await route.handle({ engine: this.#engine, request, response, receivedNs, die: this.#options.die });
    } catch (error) {
      this.#answerError(response, error);
    }
  }

  #count(request: IncomingMessage, response: ServerResponse): void {
    const [endpoint = "/"] = (request.url ?? "/").split("?");
    // The simulator's own pages are not part of what it imitates.
    if (endpoint.startsWith("/simulator/")) return;
    const method = request.method ?? "";
    const { http } = this.#engine.metrics;
    http.began(endpoint, method);
    response.on("close", () => http.ended({ endpoint, method }, response.statusCode));
  }

  /** Those of the original's server, and the one that says what this is. */
  #setHeads(response: ServerResponse): void {
    response.setHeader("x-tollgate-simulator", "1");
    response.setHeader("server", "uvicorn");
    if (this.#engine.sglang.variesByOrigin) response.setHeader("vary", "Origin");
    // Connections are kept without saying so.
    if (response.shouldKeepAlive) response.removeHeader("connection");
  }

  #answerError(response: ServerResponse, error: unknown): void {
    // A client that left while its body was read.
    if (response.destroyed) return;
    const expected = error instanceof ApiError;
    if (!expected)
      this.#options.onBug(error instanceof Error ? (error.stack ?? error.message) : String(error));
    const shown = expected ? error : new ApiError(500, `Bug in the simulator: ${messageOf(error)}`);
    if (response.headersSent) response.destroy();
    else shown.send(response);
  }
}
