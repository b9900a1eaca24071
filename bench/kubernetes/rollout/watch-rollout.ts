import { StartError } from "../../errors.ts";
import { failedBy } from "../kubectl/kubectl-error.ts";
import type { Kubectl } from "../kubectl/kubectl.ts";
import {
  isRolledOut,
  readPod,
  readRolledOut,
  readWarnings,
  statusesOf,
  type Pod,
  type RolledOut,
} from "./pod.ts";
import { podTroubles, type Trouble, type TroubleKind } from "./pod-troubles.ts";

export interface RolloutQuery {
  readonly namespace: string;
  readonly deployment: string;
  readonly timeoutMs: number;
  /** How long all containers have to run on without an end before the rollout counts. Default 10 s. */
  readonly settleMs?: number;
  readonly tell: (text: string) => void;
}

/** How long a trouble may last before it ends the wait: some cure themselves. What is not named waits for the time to be over. */
const patienceMs: Readonly<Record<TroubleKind, number>> = {
  crash: 0,
  evicted: 10_000,
  configuration: 15_000,
  quota: 15_000,
  image: 30_000,
  volume: 60_000,
  scheduling: Number.POSITIVE_INFINITY,
};

/** A rollout that did not come to its end. `troubles` is empty when only the time was over. */
export class RolloutError extends StartError {
  readonly troubles: readonly Trouble[];

  constructor(message: string, troubles: readonly Trouble[]) {
    super("rollout", message);
    this.troubles = troubles;
  }
}

/**
 * Waits until every pod of a Deployment is of its newest version, available, and has stayed so for a while: without a
 * probe, a container that ends a second after its start counts as available in between.
 * @throws {RolloutError} naming what is in the way, with the last lines of the container concerned
 */
export async function watchRollout(kubectl: Kubectl, query: RolloutQuery): Promise<void> {
  const { settleMs = 10_000, timeoutMs, tell } = query;
  const firstSeen = new Map<string, number>();
  let settledSince: { readonly at: number; readonly mark: string } | null = null;
  let last: readonly Trouble[] = [];
  const ended = await kubectl.waitFor({
    timeoutMs: timeoutMs + settleMs,
    look: async () => {
      const { deployment, pods, troubles } = await look(kubectl, query);
      const now = performance.now();
      last = troubles;
      for (const trouble of troubles) {
        const key = `${trouble.kind} ${trouble.container ?? trouble.pod}`;
        if (!firstSeen.has(key)) {
          firstSeen.set(key, now);
          if (patienceMs[trouble.kind] > 0) tell(`  ${trouble.text}`);
        }
        if (now - (firstSeen.get(key) ?? now) >= patienceMs[trouble.kind]) return "trouble" as const;
      }
      if (!isRolledOut(deployment) || troubles.length > 0) {
        settledSince = null;
        return null;
      }
      const mark = restartsOf(pods);
      if (settledSince?.mark !== mark) settledSince = { at: now, mark };
      return now - settledSince.at >= settleMs ? ("done" as const) : null;
    },
  });
  if (ended === "done") return;
  throw await rolloutError(kubectl, query, { isLate: ended === null, troubles: last });
}

/** Pods of the newest version of a Deployment, and what is in their way. */
async function look(kubectl: Kubectl, { namespace, deployment: name }: RolloutQuery) {
  const object = await kubectl.get({ kind: "deployment", name, namespace });
  if (object === null)
    throw new StartError(
      "rollout",
      `Deployment ${name} in namespace ${namespace} is gone: somebody deleted it.`,
    );
  const deployment = readRolledOut(object);
  const pods = await newestPods(kubectl, deployment, namespace);
  const warnings = readWarnings(await eventsOf(kubectl, namespace));
  const isRead = (deployment.status?.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0);
  const troubles = [...(isRead ? quotaTrouble(deployment) : []), ...podTroubles(pods, warnings)];
  return { deployment, pods, troubles };
}

/** Those of the newest ReplicaSet: older ones are leaving, whatever they say. */
async function newestPods(
  kubectl: Kubectl,
  deployment: RolledOut,
  namespace: string,
): Promise<readonly Pod[]> {
  const labels = Object.entries(deployment.spec.selector.matchLabels ?? {});
  const selector = labels.map(([key, value]) => `${key}=${value}`).join(",");
  const all = await kubectl.list({ kind: "replicasets", namespace, selector });
  const revision = "deployment.kubernetes.io/revision";
  const current = deployment.metadata.annotations?.[revision];
  // Other Deployments may have pods with the same labels.
  const sets = all.filter(({ metadata }) =>
    metadata.ownerReferences?.some(
      ({ kind, name }) => kind === "Deployment" && name === deployment.metadata.name,
    ),
  );
  const newest = sets.find(({ metadata }) => metadata.annotations?.[revision] === current);
  const hash = newest?.metadata.labels?.["pod-template-hash"];
  const pods = (await kubectl.list({ kind: "pods", namespace, selector })).map(readPod);
  const own = pods.filter(
    ({ metadata }) => hash !== undefined && metadata.labels?.["pod-template-hash"] === hash,
  );
  // A pod that failed stays in the list when another one has taken its place.
  const going = own.filter(({ status }) => status?.phase !== "Failed");
  return going.length > 0 ? going : own;
}

/** Events only explain: who may not read them still gets a rollout. */
async function eventsOf(kubectl: Kubectl, namespace: string) {
  try {
    return await kubectl.list({ kind: "events", namespace });
  } catch (thrown) {
    if (failedBy(thrown, "forbidden")) return [];
    throw thrown;
  }
}

/** A pod that the API server refuses never comes into being; its Deployment says so. */
function quotaTrouble({ metadata, status }: RolledOut): readonly Trouble[] {
  const failure = status?.conditions?.find(
    ({ type, status }) => type === "ReplicaFailure" && status === "True",
  );
  if (failure === undefined) return [];
  const isQuota = /exceeded quota/.test(failure.message ?? "");
  return [
    {
      kind: "quota",
      pod: metadata.name,
      container: null,
      hasLog: false,
      text: `the pod of Deployment ${metadata.name} is refused (${failure.reason ?? "FailedCreate"}: ${failure.message ?? ""})`,
      advice: isQuota
        ? "`kubectl describe quota` shows what is left of the namespace's quota: free some of it, or have it raised"
        : "a policy of the namespace does not let this pod in",
    },
  ];
}

const restartsOf = (pods: readonly Pod[]) =>
  pods
    .flatMap((pod) =>
      statusesOf(pod).map((one) => `${pod.metadata.name}/${one.name}:${one.restartCount ?? 0}`),
    )
    .join(" ");

async function rolloutError(
  kubectl: Kubectl,
  { namespace, deployment, timeoutMs }: RolloutQuery,
  { isLate, troubles }: { readonly isLate: boolean; readonly troubles: readonly Trouble[] },
): Promise<RolloutError> {
  const late = isLate ? ` within ${timeoutMs / 1000} s` : "";
  const head = `Deployment ${deployment} in namespace ${namespace} did not come up${late}`;
  if (troubles.length === 0)
    return new RolloutError(
      `${head}, and nothing says why. It may only need longer (--timeout); \`kubectl get pods -n ${namespace}\` shows how far it is.`,
      [],
    );
  const parts = await Promise.all(
    troubles.map(async (trouble) => {
      const lines = trouble.hasLog ? await lastLinesOf(kubectl, namespace, trouble) : "";
      return `\n- ${trouble.text}. What to do: ${trouble.advice}.${lines}`;
    }),
  );
  return new RolloutError(`${head}:${parts.join("")}`, troubles);
}

const linesShown = 15;

/** Of the run that ended: a container that was started again has a new, empty log. */
async function lastLinesOf(
  kubectl: Kubectl,
  namespace: string,
  { pod, container }: Trouble,
): Promise<string> {
  const query = {
    namespace,
    of: `pod/${pod}`,
    tailLines: linesShown,
    ...(container !== null && { container }),
  };
  for (const previous of [true, false]) {
    try {
      const text = (await kubectl.logs({ ...query, previous })).trim();
      // This is an answer of the node, with exit code 0, when it has deleted the log with the container.
      if (text !== "" && !/^unable to retrieve container logs for \S+$/.test(text))
        return `\n${text
          .split("\n")
          .map((line) => `    | ${line}`)
          .join("\n")}`;
    } catch (thrown) {
      // There is no earlier run, or its log is gone with the node: the message does without.
      if (!failedBy(thrown, "other", "invalid", "not-found", "unreachable", "forbidden")) throw thrown;
    }
  }
  return "";
}
