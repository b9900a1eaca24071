import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { messageOf } from "../../errors.ts";
import { closeWithin, listenAt } from "../../host/listening.ts";
import * as about from "./api/about.ts";
import { chatCompletions, completions } from "./api/chat.ts";
import { feedback } from "./api/feedback.ts";
import { TrainerApiError, type TrainerExchange, sendJson } from "./api/http.ts";
import * as lora from "./api/lora.ts";
import { score } from "./api/score.ts";
import type { TrainerCore } from "./core/trainer-core.ts";

type Handler = (core: TrainerCore, exchange: TrainerExchange) => void | Promise<void>;

const routes: Readonly<Record<string, Readonly<Record<string, Handler>>>> = {
  "/": { GET: about.root },
  "/health": { GET: about.health },
  "/v1/health": { GET: about.health },
  "/v1/models": { GET: about.models },
  "/v1/chat/completions": { POST: chatCompletions },
  "/v1/completions": { POST: completions },
  "/v1/score": { POST: score },
  "/v1/feedback": { POST: feedback },
  "/v1/lora/init": { POST: lora.initLora },
  "/v1/lora/export": { GET: lora.exportLora },
  "/v1/lora": { GET: lora.listLoras, DELETE: lora.deleteLora },
  "/metrics": { GET: about.metricsPage },
  "/simulator/adapters": { GET: about.adapterStates },
  "/simulator/law": { GET: about.lawPage },
};
const tinkerRoutes: typeof routes = {
  "/v1/sampler/status": { GET: about.samplerStatus },
  "/v1/sampler/refresh": { POST: about.refreshSampler },
};

/** HTTP in front of a simulated trainer. */
export class TrainerServer {
  readonly #core: TrainerCore;
  readonly #routes: typeof routes;
  readonly #server: Server;

  constructor(core: TrainerCore) {
    this.#core = core;
    this.#routes = core.law.mode === "tinker" ? { ...routes, ...tinkerRoutes } : routes;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  /** Resolves to the base URL. @throws StartError when the port cannot be had */
  async listen(host: string, port: number): Promise<string> {
    return listenAt(this.#server, { host, port, part: "simulated trainer" });
  }

  /** Stops listening, lets running requests end within `graceMs`, then closes their connections. */
  async close(graceMs: number): Promise<void> {
    await closeWithin(this.#server, graceMs);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader("x-tollgate-simulator", "1");
    response.setHeader("server", "uvicorn");
    try {
      const url = new URL(request.url ?? "/", "http://localhost");
      const methods = this.#routes[url.pathname];
      const handler = methods?.[request.method ?? ""];
      if (methods === undefined) sendJson(response, 404, { detail: "Not Found" });
      else if (handler === undefined) {
        response.setHeader("allow", Object.keys(methods).join(", "));
        sendJson(response, 405, { detail: "Method Not Allowed" });
      } else await handler(this.#core, { request, response, url });
    } catch (error) {
      this.#answerError(response, error);
    }
  }

  #answerError(response: ServerResponse, error: unknown): void {
    // A client that left while its body was read.
    if (response.destroyed) return;
    const isExpected = error instanceof TrainerApiError;
    if (!isExpected)
      this.#core.io.err(error instanceof Error ? (error.stack ?? error.message) : String(error));
    if (response.headersSent) response.destroy();
    else if (isExpected) error.send(response);
    else sendJson(response, 500, { detail: `Bug in the simulated trainer: ${messageOf(error)}` });
  }
}
