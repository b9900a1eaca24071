import { specSha256, type ContainerSpec } from "../../docker/container-spec.ts";
import type { ContainerFacts } from "../../docker/container-state.ts";

/** Label of ours: what a container serves, apart from whether its model still had to be downloaded. */
export const servingLabel = "tollgate.serving";

const onlyForDownloads = /^(HF_HUB_OFFLINE|(HTTPS?|ALL|NO)_PROXY)$/i;

/** sha256 of what decides how a server answers; equal for two containers that may stand in for each other. */
export function servingSha256(spec: ContainerSpec): string {
  const environment = Object.fromEntries(
    Object.entries(spec.environment).filter(([name]) => !onlyForDownloads.test(name)),
  );
  const secretEnvironment = spec.secretEnvironment.filter((name) => !onlyForDownloads.test(name));
  const volumes = spec.volumes.map((volume) => ({ ...volume, readOnly: true }));
  return specSha256({ ...spec, environment, secretEnvironment, volumes });
}

/**
 * In what a running container differs from the one that is asked for, as lines; empty when it may be used instead.
 * `imageId` is what the image's name means today.
 */
export function differences(
  running: ContainerFacts,
  wanted: ContainerSpec,
  imageId: string,
): readonly string[] {
  const lines = [
    ...wordDifference("command", running.command, wanted.command ?? []),
    ...listDifference("GPUs", running.gpus, wanted.gpus),
    ...environmentDifference(running, wanted),
    ...(running.imageId === imageId
      ? []
      : [
          `image: it runs ${running.image} (${running.imageId.slice(0, 19)}), ${wanted.image} is ${imageId.slice(0, 19)}`,
        ]),
  ];
  if (lines.length > 0 || running.labels[servingLabel] === servingSha256(wanted)) return lines;
  return ["settings: mounts, shared memory, limits, CPUs or variables are not those of the experiment"];
}

function wordDifference(what: string, running: readonly string[], wanted: readonly string[]): string[] {
  if (JSON.stringify(running) === JSON.stringify(wanted)) return [];
  const [before, after] = [flagsOf(running), flagsOf(wanted)];
  const lines = [...new Set([...before.keys(), ...after.keys()])]
    .filter((flag) => before.get(flag) !== after.get(flag))
    .map((flag) => `${flag}: there ${shown(before.get(flag))}, wanted ${shown(after.get(flag))}`);
  return lines.length > 0 ? lines : [`${what}: the same words in another order`];
}

/** `--flag value value` as flag and values; words before the first flag under the name `program`. */
function flagsOf(words: readonly string[]): ReadonlyMap<string, string> {
  const flags = new Map<string, string>();
  let flag = "program";
  for (const word of words) {
    if (word.startsWith("--")) {
      flag = word;
      flags.set(flag, "");
    } else {
      flags.set(flag, `${flags.get(flag) ?? ""} ${word}`.trim());
    }
  }
  return flags;
}

function shown(value: string | undefined): string {
  if (value === undefined) return "not set";
  return value === "" ? "set" : value;
}

function listDifference(what: string, running: readonly string[], wanted: readonly string[]): string[] {
  return running.join(",") === wanted.join(",")
    ? []
    : [`${what}: there ${running.join(",") || "none"}, wanted ${wanted.join(",") || "none"}`];
}

/** Only what the experiment sets: an image has variables of its own. */
function environmentDifference(running: ContainerFacts, wanted: ContainerSpec): string[] {
  const has = new Set(running.environment);
  return Object.entries(wanted.environment)
    .filter(([name, value]) => !onlyForDownloads.test(name) && !has.has(`${name}=${value}`))
    .filter(([name]) => !has.has(`${name}=<redacted>`))
    .map(([name, value]) => `${name}: wanted ${value}`);
}
