import { configurationName, experimentName } from "./evaluation.ts";
import { fromSecret, optionalKeys, secretName, tokenKey } from "./secret.ts";
import { resultsClaim } from "./volume-claim.ts";

export const sidecarName = "clawbench";

/** A volume of the gateway's pod, mounted in the sidecar as the gateway has it. */
export interface HomeMount {
  readonly name: string;
  readonly mountPath: string;
  readonly subPath?: string | undefined;
  /** OpenClaw's home: the folder that holds its `.openclaw`, which lies on this volume. */
  readonly homeDirectory: string;
}

export interface SidecarFacts {
  readonly image: string;
  /** null: the gateway keeps its home in its own container, where nobody else can look. */
  readonly home: HomeMount | null;
  /** Where the gateway's own token stands. */
  readonly token: { readonly secret: string; readonly key: string };
  /** See `configurationHash`. */
  readonly configurationSha256: string;
  /** For the OpenClaw of a pod whose gateway listens on another port. */
  readonly gatewayPort: number | null;
  /** How often it was asked to start once more, with nothing else changed. */
  readonly starts: number;
}

/** A volume of a pod; the key beside the name says its kind. */
export interface PodVolume {
  readonly name: string;
  readonly [kind: string]: unknown;
}

const tmpVolume = "tmp-volume";
const experimentVolume = "clawbench-experiment";

/** All that the sidecar mounts beside the gateway's home. */
export function sidecarVolumes(): readonly PodVolume[] {
  return [
    { name: resultsClaim, persistentVolumeClaim: { claimName: resultsClaim } },
    { name: experimentVolume, configMap: { name: experimentName, optional: true } },
    { name: tmpVolume, emptyDir: {} },
  ];
}

/** Of volumes that may be there already, for whoever: what is in them is of no interest to the next pod. */
export const sharedVolumes: readonly string[] = [tmpVolume];

/** The container that runs the evaluation beside the gateway. Its program is the image's own. */
export function sidecarContainer(facts: SidecarFacts) {
  const { home, token } = facts;
  return {
    name: sidecarName,
    image: facts.image,
    imagePullPolicy: "IfNotPresent",
    args: ["k8s", "entry"],
    envFrom: [{ configMapRef: { name: configurationName } }],
    env: [
      fromSecret(tokenKey, { secret: token.secret, key: token.key }),
      ...optionalKeys.map((key) => fromSecret(key, { secret: secretName, key, optional: true })),
      { name: "POD_NAME", valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "metadata.name" } } },
      ...(facts.gatewayPort === null
        ? []
        : [{ name: "OPENCLAW_GATEWAY_URL", value: `ws://127.0.0.1:${facts.gatewayPort}` }]),
      home === null
        ? { name: "OPENCLAW_HOME_SHARED", value: "false" }
        : { name: "OPENCLAW_HOME_DIR", value: home.homeDirectory },
      { name: "TOLLGATE_CONFIG_SHA256", value: facts.configurationSha256 },
      ...(facts.starts === 0 ? [] : [{ name: "TOLLGATE_STARTS", value: String(facts.starts) }]),
    ],
    resources: { requests: { cpu: "500m", memory: "1Gi" }, limits: { cpu: "2", memory: "4Gi" } },
    volumeMounts: [
      ...(home === null ? [] : [mountOf(home)]),
      { name: resultsClaim, mountPath: "/results" },
      { name: experimentVolume, mountPath: "/etc/tollgate", readOnly: true },
      { name: tmpVolume, mountPath: "/tmp" },
    ],
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
  };
}

function mountOf({ name, mountPath, subPath }: HomeMount) {
  return { name, mountPath, ...(subPath !== undefined && { subPath }) };
}
