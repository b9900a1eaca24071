import { readDeployment, type GatewayDeployment } from "../../../bench/kubernetes/attach/deployment.ts";
import { openclawObjects } from "../../../bench/kubernetes/objects/openclaw.ts";
import { clusterSettings } from "../../../bench/kubernetes/objects/settings.ts";

export const settings = clusterSettings({
  CLAWBENCH_NAMESPACE: "ns",
  CLAWBENCH_IMAGE: "registry.example/tollgate:1",
});

const deploymentOf = (spec: object, metadata: object = {}) =>
  readDeployment({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "openclaw", namespace: "ns", ...metadata },
    spec: { selector: { matchLabels: { app: "x" } }, template: { metadata: { labels: { app: "x" } }, spec } },
  });

const ours = openclawObjects(settings, null).find(({ kind }) => kind === "Deployment");

/** The shapes in which gateways come. */
export const shapes: Readonly<Record<"ours" | "bare" | "clawbench" | "mixed", GatewayDeployment>> = {
  ours: readDeployment(JSON.parse(JSON.stringify(ours)) as Parameters<typeof readDeployment>[0]),
  bare: deploymentOf({ containers: [{ name: "gateway", image: "openclaw:1" }] }),
  /** As ClawBench's script leaves it: with its sidecar and an emptyDir for results. */
  clawbench: deploymentOf(
    {
      containers: [
        {
          name: "gateway",
          image: "openclaw:1",
          volumeMounts: [{ name: "home", mountPath: "/home/node/.openclaw" }],
        },
        {
          name: "clawbench",
          image: "quay.io/sallyom/clawbench:latest",
          command: ["/bin/bash", "-c", "sleep infinity"],
          volumeMounts: [
            { name: "home", mountPath: "/home/node/.openclaw" },
            { name: "clawbench-results", mountPath: "/results" },
          ],
        },
      ],
      volumes: [
        { name: "home", persistentVolumeClaim: { claimName: "openclaw-home-pvc" } },
        { name: "clawbench-results", emptyDir: {} },
      ],
    },
    { annotations: { "deployment.kubernetes.io/revision": "3" } },
  ),
  mixed: deploymentOf(
    {
      containers: [
        { name: "proxy", image: "envoy:1", volumeMounts: [{ name: "tmp-volume", mountPath: "/tmp" }] },
        {
          name: "claw",
          image: "openclaw:1",
          env: [{ name: "OPENCLAW_STATE_DIR", value: "/data/claw/" }],
          volumeMounts: [{ name: "data", mountPath: "/data", subPath: "team-a" }],
        },
      ],
      volumes: [
        { name: "tmp-volume", emptyDir: {} },
        { name: "data", persistentVolumeClaim: { claimName: "d" } },
      ],
    },
    { resourceVersion: "17", annotations: {} },
  ),
};
