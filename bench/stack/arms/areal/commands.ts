import type { ArealControllerSpec, ArealManualSpec } from "../../../config/areal-schema.ts";

/** What AReaL's command lines need besides the experiment. */
export interface ArealPlace {
  /** Origin of the engine, behind the arm's inner tap. */
  readonly engineUrl: string;
  readonly adminKey: string;
  /** Longest prompt plus output of the engine, in tokens; in a plan a word for what is not known yet. */
  readonly engineMaxTokens: number | string;
  /** Longest model call of the agent, in seconds. */
  readonly callSeconds: number;
  readonly routerPort: number;
  readonly dataProxyPort: number;
  readonly gatewayPort: number;
}

export interface ArealTimeouts {
  readonly requestSeconds: number;
  readonly forwardSeconds: number;
}

/**
 * Times until somebody gives up, from the outside in: the agent, then the data proxy, then the gateway. The gateway sends
 * a request up to four times when its own time is up, so that must never be the first.
 */
export function arealTimeouts(spec: { readonly requestSeconds?: number | undefined }, callSeconds: number) {
  const requestSeconds = spec.requestSeconds ?? callSeconds + 30;
  return { requestSeconds, forwardSeconds: requestSeconds + 60 };
}

/** `python -m` lines of the three services, as AReaL's own controller starts them. Keys can only be given as arguments. */
export function arealCommands(spec: ArealManualSpec, place: ArealPlace) {
  const timeouts = arealTimeouts(spec, place.callSeconds);
  const service = (module: string, port: number, flags: readonly (readonly [string, string])[]) => [
    spec.python,
    "-m",
    `${spec.package}.${module}`,
    ...[
      ["--host", "127.0.0.1"],
      ["--port", String(port)],
      ["--admin-api-key", place.adminKey],
      ...flags,
    ].flat(),
  ];
  return {
    router: service("router", place.routerPort, []),
    dataProxy: service("data_proxy", place.dataProxyPort, [
      ["--backend-addr", place.engineUrl],
      ["--backend-type", "sglang"],
      ["--tokenizer-path", spec.tokenizerPath],
      ["--request-timeout", String(timeouts.requestSeconds)],
      // The first reward closes the trajectory at once; with a time-out an export right after it would be empty.
      ["--set-reward-finish-timeout", "0"],
      ["--tool-call-parser", spec.toolCallParser],
      ["--reasoning-parser", spec.reasoningParser],
      ["--engine-max-tokens", String(spec.engineMaxTokens ?? place.engineMaxTokens)],
      ["--chat-template-type", "hf"],
    ]),
    gateway: service("gateway", place.gatewayPort, [
      ["--router-addr", `http://127.0.0.1:${place.routerPort}`],
      ["--forward-timeout", String(timeouts.forwardSeconds)],
    ]),
  };
}

/** Environment of AReaL's processes. `base` is what every child of the run gets. */
export function arealEnvironment(
  spec: Pick<ArealManualSpec | ArealControllerSpec, "checkout" | "environment">,
  base: Readonly<Record<string, string>>,
): Record<string, string> {
  const path = [spec.checkout, base["PYTHONPATH"]].filter(Boolean).join(":");
  return { ...(path === "" ? {} : { PYTHONPATH: path }), ...spec.environment };
}
