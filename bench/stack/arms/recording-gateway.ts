import { fileURLToPath } from "node:url";
import type { GatewayArmSpec } from "../../config/arm-schema.ts";
import { recordedFromExport } from "../../gateway/trajectories/recorded-export.ts";
import { startOwnProgram, tollgateEntry } from "../own-program.ts";
import { processPart } from "../part.ts";
import type { ArmContext, ArmKind } from "./arm-kind.ts";
import { armPorts, startProgram } from "./arm-program.ts";
import { openGatewaySession } from "./session/session-arm.ts";
import { SessionClient } from "./session/session-client.ts";

/** Keys travel in the environment, because everybody on the host can read a command line. */
const adminKeyVariable = "TOLLGATE_GATEWAY_ADMIN_KEY";
const engineKeyVariable = "TOLLGATE_GATEWAY_ENGINE_KEY";

/** Tokenizer and chat template of the simulated engine. */
const simulatedModel = fileURLToPath(new URL("../../simulator/model", import.meta.url));

/** Tollgate's recording gateway in front of the engine; it gives one session per episode. */
export const recordingGatewayArm: ArmKind<GatewayArmSpec> = {
  records: true,
  start: async (spec, context) => {
    const { image } = spec;
    const url =
      image === undefined ? await startProcess(spec, context) : await startContained(spec, image, context);
    const client = new SessionClient({ url, adminKey: context.adminKey });
    const recorded = ({ raw }: { readonly raw: string }) => recordedFromExport(raw);
    return {
      url,
      metricsUrl: `${url}/metrics`,
      apiKey: null,
      openSession: (attemptKey) => openGatewaySession({ client, recorded }, attemptKey),
    };
  },
};

async function startProcess(spec: GatewayArmSpec, context: ArmContext): Promise<string> {
  const { name } = spec;
  const args = [tollgateEntry, ...gatewayWords(spec, 0, context)];
  const environment = keysOf(context);
  const started = await startOwnProgram({ name: `gateway ${name}`, args, log: name, environment }, context);
  context.own({ part: "gateway", arm: name, running: processPart(started) });
  return started.ready.url;
}

/** In a container of an image that holds Tollgate (docker/Dockerfile). */
async function startContained(spec: GatewayArmSpec, image: string, context: ArmContext): Promise<string> {
  const [port = 0] = await armPorts(1, context);
  const url = `http://127.0.0.1:${port}`;
  await startProgram(
    {
      arm: spec.name,
      name: spec.name,
      image,
      command: ["tollgate", ...gatewayWords(spec, port, context)],
      environment: keysOf(context),
      volumes: spec.volumes,
      ports: [port],
      ready: { url: `${url}/health`, status: 200 },
    },
    context,
  );
  return url;
}

function keysOf({ adminKey, agentEngine }: ArmContext): Record<string, string> {
  return { [adminKeyVariable]: adminKey, [engineKeyVariable]: agentEngine.apiKey };
}

function gatewayWords(
  spec: GatewayArmSpec,
  port: number,
  { engineUrl, agentEngine, stackKind }: ArmContext,
): readonly string[] {
  const isEmbedded = stackKind === "embedded" && spec.level === "L2";
  const flags = {
    engine: engineUrl,
    port: String(port),
    "admin-key-env": adminKeyVariable,
    "engine-key-env": agentEngine.apiKey === "" ? undefined : engineKeyVariable,
    level: spec.level,
    tokenizer: spec.tokenizer ?? (isEmbedded ? simulatedModel : undefined),
    "tool-call-parser": spec.toolCallParser,
    "reasoning-parser": spec.reasoningParser,
  };
  const given = Object.entries(flags).flatMap(([flag, value]) =>
    value === undefined ? [] : [`--${flag}`, value],
  );
  return ["gateway", ...given];
}
