import { expect, test } from "vitest";
import { readDeployment } from "../../../bench/kubernetes/attach/deployment.ts";
import { gatewayFacts } from "../../../bench/kubernetes/attach/gateway-facts.ts";
import { shapes } from "./deployments.ts";

const deploymentOf = (...containers: object[]) =>
  readDeployment({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "claw" },
    spec: { template: { spec: { containers } } },
  });
const mounts = (...paths: string[]) => ({
  volumeMounts: paths.map((mountPath, at) => ({ name: `v${at}`, mountPath })),
});

test("our own gateway is known whole", () => {
  expect(gatewayFacts(shapes.ours, null)).toEqual({
    container: "gateway",
    home: {
      name: "openclaw-home",
      mountPath: "/home/node/.openclaw",
      subPath: undefined,
      homeDirectory: "/home/node",
    },
    token: { kind: "secret", secret: "clawbench-secrets", key: "OPENCLAW_GATEWAY_TOKEN" },
    port: null,
  });
});

test.each([
  ["at its own path", mounts("/home/node/.openclaw"), "/home/node/.openclaw"],
  ["with a slash at its end", mounts("/home/node/.openclaw/"), "/home/node/.openclaw"],
  ["above it", mounts("/tmp", "/home/node"), "/home/node"],
  ["nearest above it", mounts("/home", "/home/node", "/data"), "/home/node"],
  ["beside it", mounts("/home/node/.openclaw-old", "/home/nod", "/home/node/.openclaw/workspace"), null],
  ["nowhere", {}, null],
  [
    "where its state is said to be",
    {
      ...mounts("/home/node/.openclaw", "/state"),
      env: [{ name: "OPENCLAW_STATE_DIR", value: "/state/claw" }],
    },
    "/state",
  ],
  [
    "in a folder that its own variables name",
    { volumeMounts: [{ name: "v", mountPath: "/home/node", subPathExpr: "$(POD_NAME)" }] },
    null,
  ],
])("the home volume is found %s", (_where, container, path) => {
  const { home } = gatewayFacts(deploymentOf({ name: "gateway", ...container }), null);
  expect(home?.mountPath ?? null).toBe(path);
});

test("a part of a volume stays that part", () => {
  expect(gatewayFacts(shapes.mixed, null)).toMatchObject({
    container: "claw",
    home: { name: "data", mountPath: "/data", subPath: "team-a", homeDirectory: "/data/claw" },
  });
});

test("which container is the gateway is found, named, or asked for", () => {
  const two = deploymentOf({ name: "a" }, { name: "b" });
  expect(gatewayFacts(deploymentOf({ name: "claw" }, { name: "clawbench" }), null).container).toBe("claw");
  expect(gatewayFacts(two, "b").container).toBe("b");
  expect(() => gatewayFacts(two, null)).toThrow(
    /\(a, b\) is the gateway cannot be told.*--gateway-container/,
  );
  expect(() => gatewayFacts(two, "c")).toThrow(/no container "c"/);
});

test.each([
  [{ env: [{ name: "OPENCLAW_GATEWAY_TOKEN", value: "abc" }] }, { kind: "value", value: "abc" }],
  [
    {
      env: [
        { name: "OPENCLAW_GATEWAY_TOKEN", value: "old" },
        { name: "OPENCLAW_GATEWAY_TOKEN", valueFrom: { secretKeyRef: { name: "s", key: "k" } } },
      ],
    },
    { kind: "secret", secret: "s", key: "k" },
  ],
  [{ env: [{ name: "OPENCLAW_GATEWAY_TOKEN", value: "" }] }, { kind: "unknown", secrets: [] }],
  [
    { envFrom: [{ configMapRef: { name: "c" } }, { secretRef: { name: "s" } }] },
    { kind: "unknown", secrets: ["s"] },
  ],
])("the token is where the gateway has it: %j", (container, token) => {
  expect(gatewayFacts(deploymentOf({ name: "gateway", ...container }), null).token).toEqual(token);
});

test.each([
  [{ command: ["sh", "-c", "exec node dist/index.js gateway run --port 19000 --bind loopback"] }, 19000],
  [{ args: ["gateway", "run", "--port=19001"] }, 19001],
  [{ ports: [{ containerPort: 19002 }] }, 19002],
  [{ ports: [{ containerPort: 19002 }, { containerPort: 80 }] }, null],
  [{ command: ["x", "--port", "18789"], ports: [{ containerPort: 1 }] }, null],
  [{}, null],
])("another port is seen: %j", (container, port) => {
  expect(gatewayFacts(deploymentOf({ name: "gateway", ...container }), null).port).toBe(port);
});
