import { z } from "zod";
import { labelNames } from "./container-labels.ts";
import { answerOf, labels, words } from "./docker-answer.ts";
import { isMissing, type Docker } from "./docker-command.ts";
import { isSecretName, withoutKeys } from "../host/secret-words.ts";

const requests = z.array(z.object({ DeviceIDs: words })).nullish();
const container = answerOf({
  id: [".Id", z.string()],
  name: [".Name", z.string().transform((name) => name.replace(/^\//, ""))],
  /** Reference it was created from. */
  image: [".Config.Image", z.string()],
  /** `sha256:…` of the image's configuration. */
  imageId: [".Image", z.string()],
  /** `created`, `running`, `exited`, … in the daemon's words. */
  status: [".State.Status", z.string()],
  running: [".State.Running", z.boolean()],
  /** Of the last end; means nothing while it runs. */
  lastExitCode: [".State.ExitCode", z.number()],
  outOfMemory: [".State.OOMKilled", z.boolean()],
  /** The daemon's reason why it could not be started; "" when it had none. */
  error: [".State.Error", z.string()],
  /** ISO 8601; null before the first start, where Docker tells the zero of Go's clock. */
  startedAt: [".State.StartedAt", z.string().transform((time) => (time.startsWith("0001-") ? null : time))],
  pid: [".State.Pid", z.number().transform((pid) => (pid === 0 ? null : pid))],
  entrypoint: [".Config.Entrypoint", words],
  /** Values of flags that look like secrets are replaced by `<redacted>`. */
  command: [".Config.Cmd", words.transform(withoutKeys)],
  /** Values of variables that look like secrets are replaced by `<redacted>`. */
  environment: [".Config.Env", words.transform((entries): readonly string[] => entries.map(redacted))],
  labels: [".Config.Labels", labels],
  gpus: [
    ".HostConfig.DeviceRequests",
    requests.transform((all): readonly string[] => (all ?? []).flatMap((one) => one.DeviceIDs)),
  ],
});

/** A container as the daemon tells it. */
export interface ContainerFacts extends Omit<ReturnType<typeof container.read>, "lastExitCode"> {
  readonly exitCode: number | null;
}

/** @throws {DockerError} when there is no such container (`isMissing`), or the daemon does not answer. */
export async function inspectContainer(docker: Docker, idOrName: string): Promise<ContainerFacts> {
  const text = await docker(["container", "inspect", "--format", container.format, idOrName]);
  const { lastExitCode, ...facts } = container.read(text);
  return { ...facts, exitCode: facts.running || facts.status === "created" ? null : lastExitCode };
}

const listed = answerOf({
  id: [".ID", z.string()],
  name: [".Names", z.string()],
  image: [".Image", z.string()],
  state: [".State", z.string()],
  /** In words, e.g. `Up 3 minutes`. */
  status: [".Status", z.string()],
});

export interface ListedContainer extends ReturnType<typeof listed.read> {
  readonly labels: Readonly<Record<string, string>>;
}

/** One by one: all together they are printed as a text that the commas in their values break. */
const listedLabels = answerOf(
  Object.fromEntries(
    Object.values(labelNames).map((name) => [name, [`(.Label "${name}")`, z.string()] as const]),
  ),
);

/** Containers of Tollgate in any state that carry all these labels as well (`name` or `name=value`). */
export async function listContainers(
  docker: Docker,
  filters: readonly string[] = [],
): Promise<readonly ListedContainer[]> {
  const flags = [labelNames.owner, ...filters].flatMap((label) => ["--filter", `label=${label}`]);
  const format = `${listed.format}\t${listedLabels.format}`;
  const text = await docker(["ps", "--all", "--no-trunc", ...flags, "--format", format]);
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.map((line) => {
    const [container = "", found = ""] = line.split("\t");
    // A label that is not there prints as an empty one; none of ours is ever empty.
    const set = Object.entries(listedLabels.read(found)).filter(([, value]) => value !== "");
    return { ...listed.read(container), labels: Object.fromEntries(set) };
  });
}

/** Addresses of proxies may hold a password as well. */
function redacted(entry: string): string {
  const equals = entry.indexOf("=");
  const [name, value] = [entry.slice(0, equals), entry.slice(equals + 1)];
  if (isSecretName(name)) return `${name}=<redacted>`;
  return `${name}=${value.replace(/(\w+:\/\/)[^/@\s]*@/g, "$1<redacted>@")}`;
}

/** What of ours runs on this node. One that is removed between the two questions holds nothing any more. */
export async function runningContainers(docker: Docker): Promise<readonly ContainerFacts[]> {
  const listed = await listContainers(docker);
  const facts = await Promise.all(
    listed.map(({ id }) =>
      inspectContainer(docker, id).catch((thrown: unknown) => {
        if (isMissing(thrown)) return null;
        throw thrown;
      }),
    ),
  );
  return facts.filter((one) => one !== null).filter(({ running }) => running);
}
