import { ConfigError } from "../../errors.ts";
import { pointerPart, type PatchStep } from "../kubectl/kubernetes-object.ts";
import {
  sharedVolumes,
  type sidecarContainer,
  sidecarName,
  sidecarVolumes,
  type PodVolume,
} from "../objects/sidecar.ts";
import { attachmentKey, attachmentOf, type Attachment } from "./attachment.ts";
import type { GatewayDeployment } from "./deployment.ts";
import { isWithin } from "./is-within.ts";

const pod = "/spec/template/spec";

/**
 * The steps that put the sidecar into a Deployment as it stands; none when it is there just so. All of them hold only
 * for the version that was read, so that nobody's change is lost.
 * @param replace a container of the same name that somebody else put there is taken out for ours
 * @throws {ConfigError} when something of the same name is somebody else's
 */
export function attachSteps(
  deployment: GatewayDeployment,
  container: ReturnType<typeof sidecarContainer>,
  { replace }: { readonly replace: boolean },
): readonly PatchStep[] {
  const before = attachmentOf(deployment);
  refuseUnfit(deployment, before, replace);
  const { containers } = deployment.spec.template.spec;
  const at = containers.findIndex(({ name }) => name === sidecarName);
  const ours = before === null ? [] : before.volumes;
  const volumes = volumeSteps(deployment, ours);
  const attachment: Attachment = { container: sidecarName, volumes: [...volumes.ours] };
  const steps = [
    ...containerSteps(containers, { at, container }),
    ...volumes.steps,
    ...annotationSteps(deployment, JSON.stringify(attachment)),
  ];
  return steps.length === 0 ? [] : [...versionGuard(deployment), ...steps];
}

/** The patch is refused when anybody changed the object since it was read. Files have no version. */
export function versionGuard({ metadata }: GatewayDeployment): readonly PatchStep[] {
  if (metadata.resourceVersion === undefined) return [];
  return [{ op: "test", path: "/metadata/resourceVersion", value: metadata.resourceVersion }];
}

/** Last, because the first container is the one that `kubectl logs` and `exec` mean by default. */
function containerSteps(
  containers: GatewayDeployment["spec"]["template"]["spec"]["containers"],
  { at, container }: { readonly at: number; readonly container: unknown },
): readonly PatchStep[] {
  if (at === -1) return [{ op: "add", path: `${pod}/containers/-`, value: container }];
  if (isWithin(container, containers[at])) return [];
  return [
    { op: "test", path: `${pod}/containers/${at}/name`, value: sidecarName },
    { op: "replace", path: `${pod}/containers/${at}`, value: container },
  ];
}

function volumeSteps(deployment: GatewayDeployment, ours: readonly string[]) {
  const present = deployment.spec.template.spec.volumes ?? [];
  const steps: PatchStep[] = [];
  const missing: PodVolume[] = [];
  const added = new Set(ours);
  for (const volume of sidecarVolumes()) {
    const at = present.findIndex(({ name }) => name === volume.name);
    if (at === -1) {
      missing.push(volume);
      added.add(volume.name);
    } else if (!sharedVolumes.includes(volume.name) && !isWithin(volume, present[at])) {
      // Nobody but the sidecar uses it, or `refuseUnfit` had refused.
      steps.push(
        { op: "test", path: `${pod}/volumes/${at}/name`, value: volume.name },
        { op: "replace", path: `${pod}/volumes/${at}`, value: volume },
      );
      added.add(volume.name);
    }
  }
  const addition: readonly PatchStep[] =
    deployment.spec.template.spec.volumes == null && missing.length > 0
      ? [{ op: "add", path: `${pod}/volumes`, value: missing }]
      : missing.map((volume) => ({ op: "add", path: `${pod}/volumes/-`, value: volume }));
  return { steps: [...steps, ...addition], ours: added };
}

function annotationSteps({ metadata }: GatewayDeployment, text: string): readonly PatchStep[] {
  if (metadata.annotations?.[attachmentKey] === text) return [];
  if (metadata.annotations == null)
    return [{ op: "add", path: "/metadata/annotations", value: { [attachmentKey]: text } }];
  return [{ op: "add", path: `/metadata/annotations/${pointerPart(attachmentKey)}`, value: text }];
}

function refuseUnfit(deployment: GatewayDeployment, before: Attachment | null, replace: boolean): void {
  const { name } = deployment.metadata;
  const { containers, initContainers } = deployment.spec.template.spec;
  const foreign =
    initContainers?.some((one) => one.name === sidecarName) === true
      ? "init container"
      : before === null && !replace && containers.some((one) => one.name === sidecarName)
        ? "container"
        : null;
  if (foreign !== null)
    throw new ConfigError(
      `Deployment ${name} has a ${foreign} ${sidecarName} that Tollgate did not put there. ${foreign === "container" ? "Give --replace to have ours in its place, or remove" : "Remove"} it first.`,
    );
  for (const volume of sidecarVolumes()) {
    if (sharedVolumes.includes(volume.name)) continue;
    const present = deployment.spec.template.spec.volumes?.find((one) => one.name === volume.name);
    const users = [...containers, ...(initContainers ?? [])].filter(
      (one) => one.name !== sidecarName && one.volumeMounts?.some((mount) => mount.name === volume.name),
    );
    if (present !== undefined && users.length > 0 && !isWithin(volume, present))
      throw new ConfigError(
        `Deployment ${name} has a volume ${volume.name} that is not ours and that ${users.map((one) => one.name).join(", ")} uses. Give it another name, so that the sidecar's has its own.`,
      );
  }
  refuseReplicas(deployment);
}

function refuseReplicas({ metadata, spec }: GatewayDeployment): void {
  const replicas = spec.replicas ?? 1;
  if (replicas !== 1)
    throw new ConfigError(
      `Deployment ${metadata.name} has ${replicas} replicas, and each would run the evaluation. Scale it to one first: \`kubectl scale deployment ${metadata.name} --replicas=1\`.`,
    );
  if (spec.paused === true)
    throw new ConfigError(
      `Deployment ${metadata.name} is paused, and no change would reach its pod. Go on with \`kubectl rollout resume deployment ${metadata.name}\`.`,
    );
}
