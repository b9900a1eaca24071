import { statusesOf, type ContainerStatus, type Pod, type WarningEvent } from "./pod.ts";

export type TroubleKind = "crash" | "image" | "configuration" | "volume" | "scheduling" | "evicted" | "quota";

/** What keeps a pod from running, in words for people. */
export interface Trouble {
  readonly kind: TroubleKind;
  readonly pod: string;
  /** null where no single container is meant. */
  readonly container: string | null;
  /** What is wrong, with the cluster's own words. */
  readonly text: string;
  readonly advice: string;
  /** Whether the container has run, so that its log says more. */
  readonly hasLog: boolean;
}

/** What keeps these pods from running. A pod that is being started has no troubles, and neither has one that is leaving. */
export function podTroubles(pods: readonly Pod[], warnings: readonly WarningEvent[]): readonly Trouble[] {
  return pods
    .filter(({ metadata }) => metadata.deletionTimestamp == null)
    .flatMap((pod) => [
      ...evictionOf(pod),
      ...statusesOf(pod).flatMap((status) => containerTrouble(pod, status)),
      ...placeTroubles(pod, warnings),
    ]);
}

function evictionOf({ metadata, status }: Pod): readonly Trouble[] {
  if (status?.phase !== "Failed" || status.reason == null) return [];
  const why = status.message == null ? "" : `: ${sentence(status.message)}`;
  return [
    {
      kind: "evicted",
      pod: metadata.name,
      container: null,
      hasLog: false,
      text: `pod ${metadata.name} was ended by the cluster (${status.reason}${why})`,
      advice:
        "the node ran out of what the message names; give the pod a node with more, or lower what others use there",
    },
  ];
}

/** What a waiting container waits for, by the kubelet's word for it. */
const waits: Readonly<Record<string, Pick<Trouble, "kind" | "advice">>> = {
  ErrImagePull: { kind: "image", advice: "" },
  ImagePullBackOff: { kind: "image", advice: "" },
  ErrImageNeverPull: { kind: "image", advice: "" },
  ImageInspectError: { kind: "image", advice: "" },
  RegistryUnavailable: { kind: "image", advice: "" },
  InvalidImageName: { kind: "image", advice: "" },
  CreateContainerConfigError: {
    kind: "configuration",
    advice: "what the container's variables or volumes name does not exist, or its user is refused",
  },
  CreateContainerError: { kind: "configuration", advice: "the node cannot make the container" },
  RunContainerError: {
    kind: "configuration",
    advice: "the node cannot start it: the image may lack the program, or be for another processor",
  },
  StartError: {
    kind: "configuration",
    advice: "the node cannot start it: the image may lack the program, or be for another processor",
  },
};
const imageAdvice =
  "check the image's name and that the node can pull it: the registry, a pull secret, or `kind load docker-image` for a local cluster";

function containerTrouble(pod: Pod, status: ContainerStatus): readonly Trouble[] {
  const waiting = status.state?.waiting;
  const reason = waiting?.reason ?? "";
  const known = Object.hasOwn(waits, reason) ? waits[reason] : undefined;
  if (waiting != null && known !== undefined) {
    const isImage = known.kind === "image";
    const what = isImage ? `its image ${status.image ?? ""} cannot be had` : "it cannot be started";
    const said = waiting.message == null ? "" : `: ${sentence(waiting.message)}`;
    return [
      {
        kind: known.kind,
        pod: pod.metadata.name,
        container: status.name,
        hasLog: false,
        text: `container ${status.name} waits, ${what} (${waiting.reason}${said})`,
        advice: isImage ? imageAdvice : known.advice,
      },
    ];
  }
  return crashOf(pod, status);
}

/** A container that ended and is started again, or will be. One restart alone may be chance; a loop is not. */
function crashOf({ metadata, status: of }: Pod, status: ContainerStatus): readonly Trouble[] {
  const restarts = status.restartCount ?? 0;
  const end = status.state?.terminated ?? status.lastState?.terminated;
  const isLooping = status.state?.waiting?.reason === "CrashLoopBackOff" || restarts >= 2;
  const isOver = of?.phase === "Failed" && (status.state?.terminated?.exitCode ?? 0) !== 0;
  if (!isLooping && !isOver) return [];
  const code = end?.exitCode == null ? "" : ` with exit code ${end.exitCode}`;
  const outOfMemory = end?.reason === "OOMKilled";
  const said = end?.message == null || end.message.trim() === "" ? "" : `, saying: ${sentence(end.message)}`;
  const again =
    restarts === 0 ? "" : `, and was started again ${restarts === 1 ? "once" : `${restarts} times`}`;
  return [
    {
      kind: "crash",
      pod: metadata.name,
      container: status.name,
      hasLog: true,
      text: `container ${status.name} ended${code}${outOfMemory ? ", out of memory" : ""}${said}${again}`,
      advice: outOfMemory ? "its memory limit is too small for it" : "the last lines of its log say why",
    },
  ];
}

/** Why a pod has no node, or a node cannot give it its volumes. */
function placeTroubles(pod: Pod, warnings: readonly WarningEvent[]): readonly Trouble[] {
  const { name } = pod.metadata;
  const isWaiting = statusesOf(pod).every(({ state }) => state?.running == null && state?.terminated == null);
  if (pod.status?.phase !== "Pending" || !isWaiting) return [];
  const claims = (pod.spec?.volumes ?? []).flatMap((one) => one.persistentVolumeClaim?.claimName ?? []);
  const unbound = warnings.filter(
    ({ about }) => about.kind === "PersistentVolumeClaim" && claims.includes(about.name),
  );
  const mounts = warnings.filter(
    ({ about, reason }) => about.name === name && /^Failed(Mount|AttachVolume|MapVolume)$/.test(reason),
  );
  const scheduled = pod.status.conditions?.find(({ type }) => type === "PodScheduled");
  const base = { pod: name, container: null, hasLog: false };
  const volumeAdvice =
    "see `kubectl get pvc` and `kubectl get storageclass`; --storage-class names the class to use";
  const volumes = lastOfEach(unbound, ({ about }) => about.name).map(({ about, message }) => ({
    ...base,
    kind: "volume" as const,
    text: `volume claim ${about.name} is not bound: ${sentence(message)}`,
    advice: volumeAdvice,
  }));
  const mounted = mounts.slice(-1).map(({ reason, message }) => ({
    ...base,
    kind: "volume" as const,
    text: `pod ${name} does not get its volumes (${reason}: ${sentence(message)})`,
    advice: "a volume for one node may still be held by another pod",
  }));
  if (scheduled?.status !== "False") return [...volumes, ...mounted];
  const isVolume = /PersistentVolumeClaim|volume node affinity/i.test(scheduled.message ?? "");
  const place: Trouble = {
    ...base,
    kind: isVolume ? "volume" : "scheduling",
    text: `pod ${name} has no node: ${sentence(scheduled.message ?? scheduled.reason ?? "the scheduler does not say why")}`,
    advice: isVolume
      ? volumeAdvice
      : "no node has what the pod asks for; compare its requests with `kubectl describe nodes`",
  };
  return [place, ...volumes, ...mounted];
}

function lastOfEach<T>(all: readonly T[], key: (one: T) => string): readonly T[] {
  return [...new Map(all.map((one) => [key(one), one])).values()];
}

/** Many lines of a cluster's words as one, not too long. */
function sentence(text: string): string {
  const line = text.trim().replaceAll(/\s+/g, " ").replace(/\.$/, "");
  return line.length > 400 ? `${line.slice(0, 400)}…` : line;
}
