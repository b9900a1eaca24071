import { filled } from "../../config/placeholders.ts";
import type { ProcessEngineSpec } from "../../config/process-schema.ts";
import { isSecretName, keysAsReferences, withoutKeys } from "../../host/secret-words.ts";

/** What is filled into a server's command line and environment. */
export interface EnginePlaces {
  readonly port: string;
  readonly metricsPort: string;
  readonly engineKey: string;
  readonly logs: string;
}

/** A server's command line and what is added to its environment. Both may hold keys. */
export interface EngineCommand {
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** @throws {ConfigError} for a placeholder that does not exist */
export function engineCommand(spec: ProcessEngineSpec, places: EnginePlaces): EngineCommand {
  const values = { ...places };
  return {
    words: spec.command.map((word) => filled(word, values)),
    environment: {
      ...visibleGpus(spec),
      ...Object.fromEntries(
        Object.entries(spec.environment).map(([name, value]) => [name, filled(value, values)]),
      ),
    },
  };
}

/** In the order of nvidia-smi: CUDA itself would number the fastest GPU first. */
function visibleGpus({ gpus }: ProcessEngineSpec): Readonly<Record<string, string>> {
  if (gpus === undefined) return {};
  return { CUDA_DEVICE_ORDER: "PCI_BUS_ID", CUDA_VISIBLE_DEVICES: gpus.join(",") };
}

/** Whether its metrics are on a port of their own. */
export function hasMetricsPort({ command, environment }: ProcessEngineSpec): boolean {
  return [...command, ...Object.values(environment)].some((word) => word.includes("{metricsPort}"));
}

/** The same as files may show it: a reference in place of the value of every key. */
export function shownCommand(
  { words, environment }: EngineCommand,
  driver: Readonly<Record<string, string | undefined>>,
): EngineCommand {
  const shown = (text: string) => keysAsReferences(text, driver);
  const masked = withoutKeys(words);
  return {
    // A word that holds a key which no variable has, after `--api-key`, is withheld.
    words: words.map((word, index) => (shown(word) === word ? (masked[index] ?? word) : shown(word))),
    environment: Object.fromEntries(
      Object.entries(environment).map(([name, value]) => {
        const text = shown(value);
        return [name, text === value && isSecretName(name) ? "<redacted>" : text];
      }),
    ),
  };
}
