import type { SglRouterArmSpec } from "../../config/arm-schema.ts";
import { armPorts, startProgram } from "./arm-program.ts";
import type { ArmContext, ArmKind, ArmTarget } from "./arm-kind.ts";
import { distributionVersion } from "./python-distribution.ts";

/** SGLang's router in front of the one engine. */
export const sglRouterArm: ArmKind<SglRouterArmSpec> = {
  start: startSglRouter,
  plan: (spec, { engineUrl, port }) => [sglRouterCommand(spec, { engineUrl, port, metricsPort: port + 1 })],
};

async function startSglRouter(spec: SglRouterArmSpec, context: ArmContext): Promise<ArmTarget> {
  const [port = 0, metricsPort = 0] = await armPorts(2, context);
  const origin = `http://127.0.0.1:${port}`;
  await startProgram(
    {
      arm: spec.name,
      name: spec.name,
      command: sglRouterCommand(spec, { engineUrl: context.engineUrl, port, metricsPort }),
      image: spec.image,
      volumes: spec.volumes,
      ports: [port, metricsPort],
      // Answers 200 only when the engine behind it is in rotation.
      ready: { url: `${origin}/readiness`, status: 200 },
    },
    context,
  );
  return {
    url: origin,
    metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
    apiKey: null,
    openSession: null,
    version:
      spec.image ?? (await distributionVersion(spec.python, "sglang-router", context.childEnvironment)),
  };
}

export interface SglRouterPlace {
  readonly engineUrl: string;
  readonly port: number;
  readonly metricsPort: number;
}

/**
 * Its command line, with what would change a benchmark switched off: retries (5 by default, on every 5xx and 429), the
 * circuit breaker (5 failures), the queue and the limit of requests in flight.
 */
export function sglRouterCommand(
  spec: SglRouterArmSpec,
  { engineUrl, port, metricsPort }: SglRouterPlace,
): string[] {
  const fixed = [
    ["--worker-urls", engineUrl],
    ["--host", "127.0.0.1"],
    ["--port", String(port)],
    ["--policy", spec.policy],
    ["--disable-retries"],
    ["--disable-circuit-breaker"],
    ["--queue-size", "0"],
    ["--max-concurrent-requests", "-1"],
    // A stream that is open when the run ends would keep it for three minutes.
    ["--shutdown-grace-period-secs", "1"],
    ["--prometheus-host", "127.0.0.1"],
    ["--prometheus-port", String(metricsPort)],
  ];
  return [spec.python, "-m", "sglang_router.launch_router", ...fixed.flat(), ...spec.extraArgs];
}
