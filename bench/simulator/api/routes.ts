import type { RequestFaults } from "../settings/faults.ts";
import type { SglangTraits } from "../settings/sglang.ts";
import * as about from "./about.ts";
import { chatCompletions } from "./chat-completions.ts";
import * as control from "./control.ts";
import { generate } from "./generate.ts";
import type { HttpExchange } from "./generation.ts";
import { ApiError } from "./http.ts";
import { getLoad, loads } from "./loads.ts";
import * as tokenizing from "./tokenizing.ts";

type Handler = (exchange: HttpExchange) => void | Promise<void>;
type GeneratingHandler = (exchange: HttpExchange, faults: RequestFaults) => Promise<void>;

/** Applies the faults that strike before a request is read; one request is counted for the faults of the rest. */
function generating(handler: GeneratingHandler): Handler {
  return async (exchange) => {
    const faults = exchange.engine.faults.next();
    // The connection stays open and silent until the client gives up.
    if (faults.hang) {
      exchange.request.resume();
      return;
    }
    if (faults.http500) {
      exchange.request.resume();
      throw new ApiError(500, "Internal server error (injected fault http-500).");
    }
    if (faults.notReady) {
      exchange.request.resume();
      throw new ApiError(503, "The model is still loading (injected fault half-ready).");
    }
    await handler(exchange, faults);
  };
}

const get = ["GET"] as const;
const post = ["POST"] as const;
const either = ["GET", "POST"] as const;

export interface Route {
  readonly methods: readonly string[];
  readonly handle: Handler;
}

const routes: Readonly<Record<string, Route>> = {
  "/v1/chat/completions": { methods: post, handle: generating(chatCompletions) },
  "/generate": { methods: ["POST", "PUT"], handle: generating(generate) },
  "/tokenize": { methods: post, handle: tokenizing.tokenize },
  "/v1/tokenize": { methods: post, handle: tokenizing.tokenize },
  "/detokenize": { methods: post, handle: tokenizing.detokenize },
  "/v1/detokenize": { methods: post, handle: tokenizing.detokenize },
  "/health": { methods: get, handle: control.health },
  "/health_generate": { methods: get, handle: control.health },
  "/v1/models": { methods: get, handle: about.models },
  "/model_info": { methods: get, handle: about.modelInfo },
  "/get_model_info": { methods: get, handle: about.modelInfo },
  "/server_info": { methods: get, handle: about.serverInfo },
  "/get_server_info": { methods: get, handle: about.serverInfo },
  "/flush_cache": { methods: either, handle: control.flushCache },
  "/v1/loads": { methods: get, handle: loads },
  "/abort_request": { methods: post, handle: control.abortRequest },
  "/metrics": { methods: get, handle: control.metricsPage },
  "/simulator/log": { methods: get, handle: control.requestLog },
};

/** By path. */
export function routesOf({ hasGetLoad }: SglangTraits): ReadonlyMap<string, Route> {
  const all = Object.entries(routes);
  return new Map(hasGetLoad ? [...all, ["/get_load", { methods: get, handle: getLoad }]] : all);
}
