import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { recordedFromExport } from "../../gateway/trajectories/recorded-export.ts";
import type { GatewayArmSpec } from "../../config/arm-schema.ts";
import type { Experiment } from "../../config/experiment.ts";
import { reservedPort, startArmContainer } from "../docker/arm-container.ts";
import { readyLineSchema, tollgateEntry, type ReadyLine } from "../simulated-engine.ts";
import type { ArmSession } from "../stack.ts";
import type { ArmTarget, ArmUpstream } from "./arm-target.ts";
import { freePort } from "../../host/free-port.ts";
import { openGatewaySession } from "./session/session-arm.ts";
import { SessionClient } from "./session/session-client.ts";
import { spawnManaged, type ManagedProcess } from "../../supervisor/managed-process.ts";

export interface GatewayOptions {
  readonly engineUrl: string;
  readonly engineKey: string;
  readonly experiment: Experiment;
  readonly adminKey: string;
  readonly logDirectory: string;
  readonly childEnvironment: Readonly<Record<string, string>>;
  readonly keeper: { watch(pid: number): void; unwatch(pid: number): void };
  readonly signal: AbortSignal;
}

/** Keys travel in the environment, because everybody on the host can read a command line. */
const adminKeyVariable = "TOLLGATE_GATEWAY_ADMIN_KEY";
const engineKeyVariable = "TOLLGATE_GATEWAY_ENGINE_KEY";

/** Tokenizer and chat template of the simulated engine. */
const simulatedModel = fileURLToPath(new URL("../../simulator/model", import.meta.url));

/** Starts Tollgate's recording gateway in front of the engine and gives it one session per episode. */
export async function startGateway(spec: GatewayArmSpec, options: GatewayOptions) {
  const { name } = spec;
  const process_: ManagedProcess<ReadyLine> = await spawnManaged(process.execPath, {
    name: `gateway ${name}`,
    args: [
      tollgateEntry,
      "gateway",
      "--engine",
      options.engineUrl,
      "--port",
      "0",
      "--admin-key-env",
      adminKeyVariable,
      ...(options.engineKey === "" ? [] : ["--engine-key-env", engineKeyVariable]),
      ...recordingFlags(spec, options.experiment),
    ],
    environment: {
      ...options.childEnvironment,
      [adminKeyVariable]: options.adminKey,
      [engineKeyVariable]: options.engineKey,
    },
    logFile: join(options.logDirectory, `${name}.log`),
    readySchema: readyLineSchema,
    startTimeoutMs: options.experiment.limits.startSeconds * 1000,
    keeper: options.keeper,
    signal: options.signal,
  });
  return { process: process_, openSession: sessionsOf(process_.ready.url, options.adminKey) };
}

/** The same gateway in a container of an image that holds Tollgate (docker/Dockerfile). */
export async function startContainedGateway(
  spec: GatewayArmSpec & { readonly image: string },
  context: ArmUpstream,
): Promise<Pick<ArmTarget, "url" | "openSession">> {
  const { options, engineUrl, agentEngine } = context;
  const port = reservedPort(options.experiment, spec.name) ?? (await freePort());
  const url = `http://127.0.0.1:${port}`;
  const keys = agentEngine.apiKey === "" ? [] : ["--engine-key-env", engineKeyVariable];
  await startArmContainer(
    {
      arm: spec.name,
      name: spec.name,
      image: spec.image,
      command: [
        "tollgate",
        "gateway",
        "--engine",
        engineUrl,
        "--port",
        String(port),
        "--admin-key-env",
        adminKeyVariable,
        ...keys,
        ...recordingFlags(spec, options.experiment),
      ],
      environment: {},
      secrets: { [adminKeyVariable]: options.adminKey, [engineKeyVariable]: agentEngine.apiKey },
      volumes: spec.volumes ?? [],
      ports: [port],
      ready: [`${url}/health`],
    },
    options,
    context.own,
  );
  return { url, openSession: sessionsOf(url, options.adminKey) };
}

function recordingFlags(spec: GatewayArmSpec, { stack }: Experiment): string[] {
  const { level, toolCallParser, reasoningParser } = spec;
  const tokenizer =
    spec.tokenizer ?? (stack.kind === "embedded" && level === "L2" ? simulatedModel : undefined);
  const flags = {
    level,
    tokenizer,
    "tool-call-parser": toolCallParser,
    "reasoning-parser": reasoningParser,
  };
  return Object.entries(flags).flatMap(([flag, value]) => (value === undefined ? [] : [`--${flag}`, value]));
}

function sessionsOf(url: string, adminKey: string): (attemptKey: string) => Promise<ArmSession> {
  const client = new SessionClient({ url, adminKey });
  const recorded = ({ raw }: { readonly raw: string }) => recordedFromExport(raw);
  return (attemptKey) => openGatewaySession({ client, recorded }, attemptKey);
}
