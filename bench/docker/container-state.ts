import { z } from "zod";
import { labelNames } from "./container-labels.ts";
import type { Docker } from "./docker-command.ts";

/** A container as the daemon tells it. */
export interface ContainerFacts {
  readonly id: string;
  readonly name: string;
  /** Reference it was created from. */
  readonly image: string;
  /** `sha256:…` of the image's configuration. */
  readonly imageId: string;
  /** `created`, `running`, `exited`, … in the daemon's words. */
  readonly status: string;
  readonly running: boolean;
  readonly exitCode: number | null;
  readonly outOfMemory: boolean;
  /** The daemon's reason why it could not be started; "" when it had none. */
  readonly error: string;
  /** ISO 8601; null before the first start. */
  readonly startedAt: string | null;
  readonly pid: number | null;
  readonly entrypoint: readonly string[];
  /** Values of flags that look like secrets are replaced by `<redacted>`. */
  readonly command: readonly string[];
  /** Values of variables that look like secrets are replaced by `<redacted>`. */
  readonly environment: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly gpus: readonly string[];
}

const nullToEmpty = z.array(z.string()).nullish();
const inspectSchema = z.object({
  Id: z.string(),
  Name: z.string(),
  Image: z.string(),
  State: z.object({
    Status: z.string(),
    Running: z.boolean(),
    ExitCode: z.number().nullish(),
    OOMKilled: z.boolean().nullish(),
    Error: z.string().nullish(),
    StartedAt: z.string().nullish(),
    Pid: z.number().nullish(),
  }),
  Config: z.object({
    Image: z.string(),
    Entrypoint: nullToEmpty,
    Cmd: nullToEmpty,
    Env: nullToEmpty,
    Labels: z.record(z.string(), z.string()).nullish(),
  }),
  HostConfig: z.object({ DeviceRequests: z.array(z.object({ DeviceIDs: nullToEmpty })).nullish() }).nullish(),
});

/** @throws {DockerError} when there is no such container (`isMissing`), or the daemon does not answer. */
export async function inspectContainer(docker: Docker, idOrName: string): Promise<ContainerFacts> {
  const text = await docker(["container", "inspect", "--format", "{{json .}}", idOrName]);
  const { Id, Name, Image, State, Config, HostConfig } = inspectSchema.parse(JSON.parse(text));
  const started = State.StartedAt ?? "";
  return {
    id: Id,
    name: Name.replace(/^\//, ""),
    image: Config.Image,
    imageId: Image,
    status: State.Status,
    running: State.Running,
    exitCode: State.Running || State.Status === "created" ? null : (State.ExitCode ?? null),
    outOfMemory: State.OOMKilled === true,
    error: State.Error ?? "",
    // The zero of Go's clock.
    startedAt: started === "" || started.startsWith("0001-") ? null : started,
    pid: State.Pid || null,
    entrypoint: Config.Entrypoint ?? [],
    command: redactedArguments(Config.Cmd ?? []),
    environment: (Config.Env ?? []).map(redacted),
    labels: Config.Labels ?? {},
    gpus: (HostConfig?.DeviceRequests ?? []).flatMap(({ DeviceIDs }) => DeviceIDs ?? []),
  };
}

export interface ListedContainer {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly state: string;
  /** In words, e.g. `Up 3 minutes`. */
  readonly status: string;
  readonly labels: Readonly<Record<string, string>>;
}

const listSchema = z.object({
  id: z.string(),
  name: z.string(),
  image: z.string(),
  state: z.string(),
  status: z.string(),
  labels: z.record(z.string(), z.string()),
});

/** One line of JSON per container. Labels one by one, because all together they are a text that values can break. */
const listFormat = [
  ...["ID", "Names", "Image", "State", "Status"].map((field, at) => {
    const name = ["id", "name", "image", "state", "status"][at];
    return `"${name}":{{json .${field}}}`;
  }),
  `"labels":{${Object.values(labelNames)
    .map((label) => `"${label}":{{json (.Label "${label}")}}`)
    .join(",")}}`,
].join(",");

/** Containers of Tollgate in any state that carry all these labels as well (`name` or `name=value`). */
export async function listContainers(
  docker: Docker,
  labels: readonly string[] = [],
): Promise<readonly ListedContainer[]> {
  const filters = [labelNames.owner, ...labels].flatMap((label) => ["--filter", `label=${label}`]);
  const text = await docker(["ps", "--all", "--no-trunc", ...filters, "--format", `{${listFormat}}`]);
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const found = listSchema.parse(JSON.parse(line));
      // A label that is not there prints as an empty one; none of ours is ever empty.
      const set = Object.entries(found.labels).filter(([, value]) => value !== "");
      return { ...found, labels: Object.fromEntries(set) };
    });
}

/** `TOKENIZERS_PARALLELISM` and numbers of tokens are none. */
const secretName = /TOKEN(?!S|IZER)|KEY|SECRET|PASSW|CREDENTIAL|AUTH/i;

/** Addresses of proxies may hold a password as well. */
function redacted(entry: string): string {
  const equals = entry.indexOf("=");
  const [name, value] = [entry.slice(0, equals), entry.slice(equals + 1)];
  if (secretName.test(name)) return `${name}=<redacted>`;
  return `${name}=${value.replace(/(\w+:\/\/)[^/@\s]*@/g, "$1<redacted>@")}`;
}

/** The value of `--api-key VALUE` and of `--api-key=VALUE`; a flag that ends in `-env` names a variable and is no secret. */
function redactedArguments(words: readonly string[]): readonly string[] {
  const isSecret = (flag: string) => flag.startsWith("--") && secretName.test(flag) && !flag.endsWith("-env");
  return words.map((word, index) => {
    const [flag = ""] = word.split("=");
    if (isSecret(flag) && flag !== word) return `${flag}=<redacted>`;
    const before = words[index - 1] ?? "";
    return isSecret(before) && !before.includes("=") && !word.startsWith("--") ? "<redacted>" : word;
  });
}
