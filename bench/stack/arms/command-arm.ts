import type { CommandArmSpec } from "../../config/arm-schema.ts";
import { ConfigError } from "../../errors.ts";
import { armPorts, startProgram } from "./arm-program.ts";
import type { ArmContext, ArmKind, ArmTarget } from "./arm-kind.ts";

/** A gateway that the experiment gives a command line for. */
export const commandArm: ArmKind<CommandArmSpec> = {
  start: startCommand,
  plan: (spec, { engineUrl, model, adminKey, port }) => {
    const ports = { port: String(port), metricsPort: String(port + 1) };
    const values = { engine: engineUrl, ...ports, model, adminKey, engineKey: "$ENGINE_KEY", logs: "." };
    return [spec.command.map((word) => filled(word, values))];
  },
};

async function startCommand(spec: CommandArmSpec, context: ArmContext): Promise<ArmTarget> {
  const { agentEngine } = context;
  const [port = 0, metricsPort = 0] = await armPorts(2, context);
  const values = {
    engine: context.engineUrl,
    port: String(port),
    metricsPort: String(metricsPort),
    model: agentEngine.model,
    adminKey: context.adminKey,
    engineKey: agentEngine.apiKey,
    logs: context.logDirectory,
  };
  const origin = `http://127.0.0.1:${port}`;
  const apiKey = keyOf(spec, context.environment);
  await startProgram(
    {
      arm: spec.name,
      name: spec.name,
      command: spec.command.map((word) => filled(word, values)),
      environment: Object.fromEntries(
        Object.entries(spec.environment).map(([name, value]) => [name, filled(value, values)]),
      ),
      workingDirectory: spec.workingDirectory,
      image: spec.image,
      volumes: spec.volumes,
      ports: [port, metricsPort],
      ready: {
        url: origin + spec.ready.path,
        status: spec.ready.status,
        headers: { authorization: `Bearer ${apiKey ?? agentEngine.apiKey}` },
      },
    },
    context,
  );
  const ownMetricsPort = [...spec.command, ...Object.values(spec.environment)].some((word) =>
    word.includes("{metricsPort}"),
  );
  return {
    url: origin + spec.basePath,
    metricsUrl:
      spec.metricsPath === undefined
        ? null
        : `http://127.0.0.1:${ownMetricsPort ? metricsPort : port}${spec.metricsPath}`,
    apiKey,
    openSession: null,
  };
}

/** `{name}` for each value, `{{` for a brace; a `${NAME}` that a plan shows stays. @throws {ConfigError} for a name that does not exist */
export function filled(word: string, values: Readonly<Record<string, string>>): string {
  return word.replaceAll(/\$\{[^}]*\}|\{\{|\{(\w+)\}/g, (whole, name: string | undefined) => {
    if (name === undefined) return whole === "{{" ? "{" : whole;
    const value = values[name];
    if (value !== undefined) return value;
    throw new ConfigError(
      `${whole} in a command is unknown; there are ${Object.keys(values)
        .map((known) => `{${known}}`)
        .join(", ")}. Write {{ for a brace.`,
    );
  });
}

/** @throws {ConfigError} when the named variable has no value: a request without its key would fail later, and elsewhere */
export function keyOf(
  { name, apiKeyEnv }: { readonly name: string; readonly apiKeyEnv?: string | undefined },
  environment: Readonly<Record<string, string | undefined>>,
): string | null {
  if (apiKeyEnv === undefined) return null;
  const key = environment[apiKeyEnv];
  if (key) return key;
  throw new ConfigError(`Arm ${name}: the environment variable ${apiKeyEnv} is empty or not set.`);
}
