import { ConfigError } from "../../errors.ts";
import { pointerPart, type PatchStep } from "../kubectl/kubernetes-object.ts";
import { sidecarName } from "../objects/sidecar.ts";
import { versionGuard } from "./attach-steps.ts";
import { attachmentKey, attachmentOf } from "./attachment.ts";
import type { GatewayDeployment } from "./deployment.ts";

const pod = "/spec/template/spec";

/**
 * The steps that take the sidecar out again, with the volumes that came with it and that nobody else uses by now; none
 * when nothing of ours is there.
 * @param replace also a sidecar that somebody else put there, with the volumes that only it uses
 * @throws {ConfigError} for a foreign one without `replace`
 */
export function detachSteps(
  deployment: GatewayDeployment,
  { replace }: { readonly replace: boolean },
): readonly PatchStep[] {
  const ours = attachmentOf(deployment);
  const { containers, volumes, initContainers } = deployment.spec.template.spec;
  const at = containers.findIndex(({ name }) => name === sidecarName);
  if (ours === null && at === -1) return [];
  if (ours === null && !replace)
    throw new ConfigError(
      `Deployment ${deployment.metadata.name} has a container ${sidecarName} that Tollgate did not put there. Give --replace to take it out all the same.`,
    );
  if (at !== -1 && containers.length === 1)
    throw new ConfigError(
      `Deployment ${deployment.metadata.name} has no container but ${sidecarName}, and none can be without. Delete it: \`kubectl delete deployment ${deployment.metadata.name}\`.`,
    );
  const mounts = (of: typeof containers) =>
    new Set(of.flatMap((one) => one.volumeMounts ?? []).map(({ name }) => name));
  const used = mounts([...containers.filter((_, index) => index !== at), ...(initContainers ?? [])]);
  const came = ours?.volumes ?? [...mounts(containers.filter((_, index) => index === at))];
  const leaving = came.filter((name) => !used.has(name));
  const present = (volumes ?? []).map(({ name }, index) => ({ name, index }));
  const gone = present.filter(({ name }) => leaving.includes(name)).reverse();
  return [
    ...versionGuard(deployment),
    ...(at === -1 ? [] : removal("containers", { name: sidecarName, index: at })),
    // From the last to the first, so that the places of the others stay.
    ...gone.flatMap((volume) => removal("volumes", volume)),
    ...(ours === null
      ? []
      : [{ op: "remove", path: `/metadata/annotations/${pointerPart(attachmentKey)}` } as const]),
  ];
}

function removal(
  list: "containers" | "volumes",
  { name, index }: { readonly name: string; readonly index: number },
): readonly PatchStep[] {
  const path = `${pod}/${list}/${index}`;
  return [
    { op: "test", path: `${path}/name`, value: name },
    { op: "remove", path },
  ];
}
