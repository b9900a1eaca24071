import { basename, dirname } from "node:path/posix";
import { ConfigError } from "../../errors.ts";
import { gatewayContainer, gatewayHome, gatewayPort } from "../objects/openclaw.ts";
import { tokenKey } from "../objects/secret.ts";
import { sidecarName, type HomeMount } from "../objects/sidecar.ts";
import type { GatewayDeployment, PodContainer } from "./deployment.ts";

export interface AttachedGateway {
  readonly container: string;
  readonly home: HomeMount | null;
  readonly token: TokenPlace;
  /** null where it is OpenClaw's own, or not to be seen. */
  readonly port: number | null;
}

/** Where the gateway has its token from. */
export type TokenPlace =
  | { readonly kind: "secret"; readonly secret: string; readonly key: string }
  /** Written into the Deployment itself. */
  | { readonly kind: "value"; readonly value: string }
  /** Not to be seen in the Deployment: in a file, or among all variables of one of these Secrets. */
  | { readonly kind: "unknown"; readonly secrets: readonly string[] };

/**
 * What of a gateway its sidecar has to know, found in the Deployment of whoever made it.
 * @param wanted name of the gateway's container; null looks for it
 * @throws {ConfigError} when it cannot be told which container is the gateway
 */
export function gatewayFacts(deployment: GatewayDeployment, wanted: string | null): AttachedGateway {
  const container = gatewayOf(deployment, wanted);
  return {
    container: container.name,
    home: homeOf(container),
    token: tokenOf(container),
    port: portOf(container),
  };
}

function gatewayOf(deployment: GatewayDeployment, wanted: string | null): PodContainer {
  const others = deployment.spec.template.spec.containers.filter(({ name }) => name !== sidecarName);
  const named = others.find(({ name }) => name === (wanted ?? gatewayContainer));
  if (named !== undefined) return named;
  const likely = others.filter((one) => homeOf(one) !== null);
  const [only, second] = likely.length > 0 ? likely : others;
  if (wanted === null && only !== undefined && second === undefined) return only;
  const names = others.map(({ name }) => name).join(", ");
  throw new ConfigError(
    `Deployment ${deployment.metadata.name} has no container ${JSON.stringify(wanted ?? gatewayContainer)}, and which of its containers (${names}) is the gateway cannot be told. Name it with --gateway-container.`,
  );
}

/** The volume that holds OpenClaw's home: mounted there, or the one mounted next above it. */
function homeOf(container: PodContainer): HomeMount | null {
  const told = container.env?.find(({ name }) => name === "OPENCLAW_STATE_DIR")?.value;
  const home = plainPath(told ?? gatewayHome);
  const above = (container.volumeMounts ?? []).filter(({ mountPath }) => holds(plainPath(mountPath), home));
  const [nearest] = above.sort((a, b) => plainPath(b.mountPath).length - plainPath(a.mountPath).length);
  // Such a folder is named by the gateway's own variables, which no other container has.
  if (nearest === undefined || nearest.subPathExpr != null) return null;
  return {
    name: nearest.name,
    mountPath: plainPath(nearest.mountPath),
    subPath: nearest.subPath,
    homeDirectory: basename(home) === ".openclaw" ? dirname(home) : home,
  };
}

const plainPath = (path: string) => path.replace(/\/+$/, "").replaceAll(/\/{2,}/g, "/");
/** `/` itself cannot be mounted. */
const holds = (folder: string, path: string) =>
  folder !== "" && (path === folder || path.startsWith(`${folder}/`));

function tokenOf(container: PodContainer): TokenPlace {
  const variable = container.env?.findLast(({ name }) => name === tokenKey);
  const reference = variable?.valueFrom?.secretKeyRef;
  if (reference != null) return { kind: "secret", secret: reference.name, key: reference.key };
  if (variable?.value) return { kind: "value", value: variable.value };
  const secrets = (container.envFrom ?? []).flatMap(({ secretRef }) => secretRef?.name ?? []);
  return { kind: "unknown", secrets };
}

/** As its command line has it, else its only port. */
function portOf(container: PodContainer): number | null {
  const words = [...(container.command ?? []), ...(container.args ?? [])].join(" ");
  const said = /--port[ =](\d{1,5})\b/.exec(words)?.[1];
  const [only, second] = container.ports ?? [];
  const port = said !== undefined ? Number(said) : second === undefined ? only?.containerPort : undefined;
  return port === undefined || port === gatewayPort ? null : port;
}
