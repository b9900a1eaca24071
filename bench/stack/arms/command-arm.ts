import { join } from "node:path";
import type { CommandArmSpec } from "../../config/arm-schema.ts";
import { isHeaderValue } from "../../config/header-schema.ts";
import { filled, type ArmPlaces } from "../../config/placeholders.ts";
import { ConfigError } from "../../errors.ts";
import type { HttpProbe } from "../await-http.ts";
import { armFileLines, writeArmFiles } from "./arm-files.ts";
import type { ArmContext, ArmKind, ArmPlace, ArmTarget } from "./arm-kind.ts";
import { armPorts, startProgram } from "./arm-program.ts";
import { printedVersion } from "./printed-version.ts";

/** A gateway that the experiment gives a command line for. */
export const commandArm: ArmKind<CommandArmSpec> = { start: startCommand, plan: planCommand };

function planCommand(spec: CommandArmSpec, { engineUrl, model, adminKey, port }: ArmPlace) {
  const places: ArmPlaces = {
    engine: engineUrl,
    engineHost: hostOf(engineUrl) ?? "$ENGINE_HOST",
    port: String(port),
    metricsPort: String(port + 1),
    model,
    adminKey,
    engineKey: "$ENGINE_KEY",
    logs: ".",
    files: `$PWD/${spec.name}-files`,
  };
  const words = spec.command.map((word) => filled(word, places));
  const variables = Object.entries(allFilled(spec.environment, places)).map(
    ([name, value]) => `${name}=${value}`,
  );
  return [
    ...armFileLines(spec.files ?? {}, places),
    variables.length === 0 || spec.image !== undefined ? words : ["env", ...variables, ...words],
  ];
}

/** null for a word that stands for a URL which is not known yet. */
function hostOf(url: string): string | null {
  return URL.canParse(url) ? new URL(url).host : null;
}

async function startCommand(spec: CommandArmSpec, context: ArmContext): Promise<ArmTarget> {
  const { agentEngine } = context;
  const [port = 0, metricsPort = 0] = await armPorts(2, context);
  const places: ArmPlaces = {
    engine: context.engineUrl,
    engineHost: new URL(context.engineUrl).host,
    port: String(port),
    metricsPort: String(metricsPort),
    model: agentEngine.model,
    adminKey: context.adminKey,
    engineKey: agentEngine.apiKey,
    logs: context.logDirectory,
    files: join(context.scratchDirectory, `files-${spec.name}`),
  };
  const origin = `http://127.0.0.1:${port}`;
  const apiKey = keyOf(spec, context.environment);
  const headers = filledHeaders(spec, places);
  await writeArmFiles(spec.files ?? {}, places);
  const mounted = spec.files === undefined ? [] : [`${places.files}:${places.files}`];
  await startProgram(
    {
      arm: spec.name,
      name: spec.name,
      command: spec.command.map((word) => filled(word, places)),
      environment: allFilled(spec.environment, places),
      workingDirectory: spec.workingDirectory,
      image: spec.image,
      volumes: [...spec.volumes, ...mounted],
      ports: [port, metricsPort],
      ready: readiness(spec, {
        origin,
        headers: { authorization: `Bearer ${apiKey ?? agentEngine.apiKey}`, ...lowerCase(headers) },
      }),
    },
    context,
  );
  const texts = [...spec.command, ...Object.values(spec.environment), ...Object.values(spec.files ?? {})];
  const ownMetricsPort = texts.some((text) => text.includes("{metricsPort}"));
  return {
    url: origin + spec.basePath,
    metricsUrl:
      spec.metricsPath === undefined
        ? null
        : `http://127.0.0.1:${ownMetricsPort ? metricsPort : port}${spec.metricsPath}`,
    apiKey,
    headers,
    openSession: null,
    ...(spec.versionCommand === undefined && spec.image === undefined
      ? {}
      : { version: await versionOf(spec, context) }),
  };
}

async function versionOf(
  { image, versionCommand }: CommandArmSpec,
  { childEnvironment }: ArmContext,
): Promise<string | null> {
  if (image !== undefined) return image;
  return versionCommand === undefined ? null : printedVersion(versionCommand, childEnvironment);
}

/** While it starts, a gateway refuses connections or says that it is not there yet; another answer shows that it is up. */
const settledMs = 5_000;

function readiness(
  { ready, basePath }: CommandArmSpec,
  { origin, headers }: { readonly origin: string; readonly headers: Readonly<Record<string, string>> },
): HttpProbe {
  if (ready !== undefined) return { url: origin + ready.path, status: ready.status, headers };
  return { url: `${origin}${basePath}/v1/models`, status: 200, headers, settledMs };
}

function allFilled(texts: Readonly<Record<string, string>>, places: ArmPlaces): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, filled(text, places)]));
}

/** @throws {ConfigError} for a value that cannot be sent: the tap would answer every request with 502 */
function filledHeaders({ name, headers = {} }: CommandArmSpec, places: ArmPlaces): Record<string, string> {
  const values = allFilled(headers, places);
  const [bad] = Object.entries(values).find(([, value]) => !isHeaderValue(value)) ?? [];
  if (bad === undefined) return values;
  throw new ConfigError(`Arm ${name}: the header ${bad} would hold a character that no header can hold.`);
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
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
