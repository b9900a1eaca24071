import { StartError } from "../../errors.ts";
import { readDeployment } from "../attach/deployment.ts";
import { sidecarName } from "../objects/sidecar.ts";
import { podTroubles } from "../rollout/pod-troubles.ts";
import { readPod, statusesOf, type Pod } from "../rollout/pod.ts";
import type { Site } from "./site.ts";

export interface LogOptions {
  readonly deployment: string;
  readonly follow: boolean;
  readonly tailLines: number | null;
  readonly print: (line: string) => void;
}

/** The sidecar's log, until it ends. A sidecar that crashed shows what its last run said. */
export async function sidecarLog(site: Site, options: LogOptions): Promise<void> {
  const { kubectl, settings } = site;
  const pod = await sidecarPod(site, options.deployment);
  const status = statusesOf(pod).find(({ name }) => name === sidecarName);
  const query = {
    namespace: settings.namespace,
    of: `pod/${pod.metadata.name}`,
    container: sidecarName,
    ...(options.tailLines !== null && { tailLines: options.tailLines }),
  };
  if (status?.state?.running == null && (status?.restartCount ?? 0) > 0) {
    options.print((await kubectl.logs({ ...query, previous: true })).trimEnd());
    throw new StartError("kubernetes", troubleText(pod) ?? "The sidecar ended and is being started again.");
  }
  if (status?.state?.running == null && status?.state?.terminated == null)
    throw new StartError(
      "kubernetes",
      troubleText(pod) ??
        `The sidecar in pod ${pod.metadata.name} is being started and has no log yet. Try again in a moment.`,
    );
  if (options.follow) await kubectl.logs({ ...query, follow: { onLine: options.print } });
  else options.print((await kubectl.logs(query)).trimEnd());
}

/** Copies what the evaluation wrote out of the sidecar. */
export async function copyResults(site: Site, deployment: string, here: string): Promise<void> {
  const pod = await sidecarPod(site, deployment);
  const of = { namespace: site.settings.namespace, pod: pod.metadata.name, container: sidecarName };
  await site.kubectl.copyFrom(of, { inside: "/results", here });
}

function troubleText(pod: Pod): string | null {
  const troubles = podTroubles([pod], []).filter(
    ({ container }) => container === null || container === sidecarName,
  );
  const [first] = troubles;
  return first === undefined ? null : `No log: ${first.text}. What to do: ${first.advice}.`;
}

/** The newest pod that has a sidecar and is not leaving. */
async function sidecarPod({ kubectl, settings }: Site, name: string): Promise<Pod> {
  const { namespace } = settings;
  const object = await kubectl.get({ kind: "deployment", name, namespace });
  if (object === null)
    throw new StartError("kubernetes", `Deployment ${name} is not in namespace ${namespace}.`);
  const deployment = readDeployment(object);
  if (!deployment.spec.template.spec.containers.some((one) => one.name === sidecarName))
    throw new StartError(
      "kubernetes",
      `Deployment ${name} in namespace ${namespace} has no evaluation beside it. \`tollgate k8s attach\` starts one.`,
    );
  const selector = Object.entries(deployment.spec.selector?.matchLabels ?? {}).map(
    ([key, value]) => `${key}=${value}`,
  );
  const pods = (await kubectl.list({ kind: "pods", namespace, selector: selector.join(",") })).map(readPod);
  const [newest] = pods
    .filter(({ metadata }) => metadata.deletionTimestamp == null)
    .filter((pod) => (pod.spec?.containers ?? []).some((one) => one.name === sidecarName))
    .sort((a, b) => ((a.metadata.creationTimestamp ?? "") < (b.metadata.creationTimestamp ?? "") ? 1 : -1));
  if (newest !== undefined) return newest;
  throw new StartError(
    "kubernetes",
    `Deployment ${name} has no pod with the evaluation yet; \`kubectl get pods -n ${namespace}\` shows what there is.`,
  );
}
