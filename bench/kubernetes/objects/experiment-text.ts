import { ConfigError } from "../../errors.ts";

/** Names and values together, as the API server counts them. */
const configMapBytesMax = 1_048_576;
const fileName = "experiment.yaml";

/** An experiment file as the data of a ConfigMap. */
export function experimentData(text: string): Readonly<Record<string, string>> {
  return { [fileName]: text };
}

/**
 * @throws {ConfigError} for an experiment that holds the value of a key, which everybody could read in a ConfigMap, and for one that no
 * ConfigMap takes
 */
export function checkExperimentText(
  text: string,
  environment: Readonly<Record<string, string | undefined>>,
): void {
  const [key] = Object.entries(environment).flatMap(([name, value]) =>
    /(_API_KEY|_TOKEN|_PASSWORD|_SECRET)$/.test(name) &&
    value !== undefined &&
    value.length >= 8 &&
    text.includes(value)
      ? [name]
      : [],
  );
  if (key !== undefined)
    throw new ConfigError(
      `The experiment file holds the value of ${key}, and it would stand readable in a ConfigMap. Write \${${key}} in its place.`,
    );
  const bytes = Buffer.byteLength(text) + fileName.length;
  if (bytes > configMapBytesMax)
    throw new ConfigError(
      `The experiment has ${bytes} bytes, and a ConfigMap, in which pods get it, takes ${configMapBytesMax}. Put what is large (tasks, texts) into files of the image or of a volume, and name those.`,
    );
}
