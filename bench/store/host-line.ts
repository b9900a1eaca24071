import type { RunJson } from "./run-json.ts";

/** The machine of a run in a line: `linux x64, 8 x Some CPU, 64 GiB, NVIDIA H100`. */
export function hostLine({ host }: Pick<RunJson, "host">): string {
  const gpus = host.gpus.length > 0 ? `, ${host.gpus.join(", ")}` : "";
  return `${host.platform} ${host.architecture}, ${host.cpuCount} x ${host.cpuModel}, ${(host.memoryBytes / 2 ** 30).toFixed(0)} GiB${gpus}`;
}

/** The machines of a run: one line where all are of one kind, else each kind with the shards that ran on it. */
export function hostsLine(identity: Pick<RunJson, "host" | "merged">): string {
  const kinds = Map.groupBy(identity.merged?.shards ?? [], ({ host }) => host);
  if (kinds.size < 2) return hostLine(identity);
  return [...kinds]
    .map(([host, shards]) => `${host} (shards ${shards.map(({ index }) => index).join(", ")})`)
    .join("; ");
}
