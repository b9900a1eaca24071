import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { attachSteps } from "../../../bench/kubernetes/attach/attach-steps.ts";
import { readDeployment, type GatewayDeployment } from "../../../bench/kubernetes/attach/deployment.ts";
import { detachSteps } from "../../../bench/kubernetes/attach/detach-steps.ts";
import { gatewayFacts } from "../../../bench/kubernetes/attach/gateway-facts.ts";
import type { PatchStep } from "../../../bench/kubernetes/kubectl/kubernetes-object.ts";
import { sidecarContainer } from "../../../bench/kubernetes/objects/sidecar.ts";
import { patched } from "../patched.ts";
import { shapes } from "./deployments.ts";

const folder = mkdtempSync(join(tmpdir(), "tollgate-attach-"));
afterAll(() => rmSync(folder, { recursive: true }));

const containerFor = (deployment: GatewayDeployment, hash = "abc") =>
  sidecarContainer({
    image: "registry.example/tollgate:1",
    home: gatewayFacts(deployment, null).home,
    token: { secret: "clawbench-secrets", key: "OPENCLAW_GATEWAY_TOKEN" },
    configurationSha256: hash,
    gatewayPort: null,
    starts: 0,
  });
const attach = (deployment: GatewayDeployment, options: { replace?: boolean; hash?: string } = {}) =>
  attachSteps(deployment, containerFor(deployment, options.hash), { replace: options.replace === true });
const podOf = ({ spec }: GatewayDeployment) => spec.template.spec;
const names = (all: readonly { readonly name: string }[] | null | undefined) =>
  (all ?? []).map(({ name }) => name);

const hasKubectl = spawnSync("kubectl", ["version", "--client"]).error === undefined;

/** What kubectl itself makes of a patch, without a cluster. */
function patchedByKubectl(deployment: GatewayDeployment, steps: readonly PatchStep[]): GatewayDeployment {
  const path = join(folder, "deployment.json");
  writeFileSync(path, JSON.stringify(deployment));
  const words = ["patch", "--local", "-f", path, "--type=json", "--patch-file=/dev/stdin", "-o", "json"];
  const patch = join(folder, "patch.json");
  writeFileSync(patch, JSON.stringify(steps));
  const text = execFileSync("kubectl", words.with(5, `--patch-file=${patch}`), {
    encoding: "utf8",
    env: { PATH: process.env["PATH"], HOME: folder },
  });
  return readDeployment(JSON.parse(text) as Parameters<typeof readDeployment>[0]);
}

test.for(Object.keys(shapes) as (keyof typeof shapes)[])(
  "kubectl puts the sidecar into a Deployment of the form %s, last, and takes it out again",
  (shape, context) => {
    if (!hasKubectl) return context.skip("there is no kubectl");
    const before = shapes[shape];
    const attached = patchedByKubectl(before, attach(before, { replace: true }));
    expect(names(podOf(attached).containers).at(-1)).toBe("clawbench");
    expect(attach(attached)).toEqual([]);
    const mounts = podOf(attached).containers.at(-1)?.volumeMounts ?? [];
    expect(names(podOf(attached).volumes)).toEqual(expect.arrayContaining(names(mounts)));
    const detached = patchedByKubectl(attached, detachSteps(attached, { replace: false }));
    expect(names(podOf(detached).containers)).toEqual(
      names(podOf(before).containers).filter((name) => name !== "clawbench"),
    );
    expect(detached.metadata.annotations?.["tollgate/attached"]).toBeUndefined();
    expect(names(podOf(detached).volumes)).toEqual(
      names(podOf(before).volumes).filter((name) => name !== "clawbench-results"),
    );
  },
);

test("a guard that does not hold stops the whole patch at kubectl", (context) => {
  if (!hasKubectl) return context.skip("there is no kubectl");
  const attached = patched(shapes.ours, attach(shapes.ours));
  const steps = detachSteps(attached, { replace: false });
  const other = patched(attached, [
    { op: "add", path: "/spec/template/spec/containers/0", value: { name: "x" } },
  ]);
  expect(() => patchedByKubectl(other, steps)).toThrow(/testing value .* failed/);
});

test("only a container that differs is replaced, where it stands, and the version that was read is asked for", () => {
  const attached = patched(shapes.mixed, attach(shapes.mixed));
  const served = withDefaults(attached);
  expect(attach(served)).toEqual([]);
  const steps = attach(served, { hash: "other" });
  expect(steps.map(({ op, path }) => `${op} ${path}`)).toEqual([
    "test /metadata/resourceVersion",
    "test /spec/template/spec/containers/2/name",
    "replace /spec/template/spec/containers/2",
  ]);
});

/** As the API server gives it back: with defaults that nobody has written. */
function withDefaults(deployment: GatewayDeployment): GatewayDeployment {
  const containers = podOf(deployment).containers.map((one) => ({
    ...one,
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
  }));
  return patched(deployment, [{ op: "replace", path: "/spec/template/spec/containers", value: containers }]);
}

const withPod = (change: (pod: ReturnType<typeof podOf>) => object): GatewayDeployment =>
  patched(shapes.ours, [{ op: "replace", path: "/spec/template/spec", value: change(podOf(shapes.ours)) }]);

test.each([
  [
    "a sidecar of the same name",
    shapes.clawbench,
    /container clawbench that Tollgate did not put there\. Give --replace/,
  ],
  [
    "an init container of the same name",
    withPod((pod) => ({ ...pod, initContainers: [{ name: "clawbench" }] })),
    /init container clawbench.*Remove it first/,
  ],
  [
    "a volume of the same name that another container uses",
    withPod((pod) => ({
      ...pod,
      volumes: [...(pod.volumes ?? []), { name: "clawbench-results", emptyDir: {} }],
      initContainers: [{ name: "setup", volumeMounts: [{ name: "clawbench-results", mountPath: "/r" }] }],
    })),
    /volume clawbench-results that is not ours and that setup uses/,
  ],
  [
    "several replicas",
    patched(shapes.ours, [{ op: "replace", path: "/spec/replicas", value: 3 }]),
    /3 replicas, and each would run the evaluation.*--replicas=1/,
  ],
  ["no replica", patched(shapes.ours, [{ op: "replace", path: "/spec/replicas", value: 0 }]), /0 replicas/],
  [
    "a pause",
    patched(shapes.ours, [{ op: "add", path: "/spec/paused", value: true }]),
    /rollout resume deployment openclaw/,
  ],
  [
    "an annotation that is not as we write it",
    patched(shapes.ours, [{ op: "add", path: "/metadata/annotations", value: { "tollgate/attached": "{" } }]),
    /annotation tollgate\/attached of Deployment openclaw is not as Tollgate writes it/,
  ],
])("%s is refused with what to do", (_what, deployment, message) => {
  expect(() => attach(deployment)).toThrow(message);
});

test("a foreign sidecar is not taken out unasked; asked, it goes with the volumes that only it uses", () => {
  expect(() => detachSteps(shapes.clawbench, { replace: false })).toThrow(
    /did not put there\. Give --replace/,
  );
  const after = patched(shapes.clawbench, detachSteps(shapes.clawbench, { replace: true }));
  expect(names(podOf(after).containers)).toEqual(["gateway"]);
  expect(names(podOf(after).volumes)).toEqual(["home"]);
});

test("a volume of ours that somebody else uses by now stays", () => {
  const attached = patched(shapes.bare, attach(shapes.bare));
  const used = patched(attached, [
    {
      op: "add",
      path: "/spec/template/spec/containers/0/volumeMounts",
      value: [{ name: "tmp-volume", mountPath: "/t" }],
    },
  ]);
  expect(names(podOf(patched(used, detachSteps(used, { replace: false }))).volumes)).toEqual(["tmp-volume"]);
});

test("where nothing of ours is, there is nothing to take out", () => {
  expect(detachSteps(shapes.mixed, { replace: false })).toEqual([]);
});

test("what a container somebody removed by hand left behind is cleared away", () => {
  const attached = patched(shapes.bare, attach(shapes.bare));
  const half = patched(attached, [{ op: "remove", path: "/spec/template/spec/containers/1" }]);
  const after = patched(half, detachSteps(half, { replace: false }));
  expect(names(podOf(after).volumes)).toEqual([]);
  expect(after.metadata.annotations).toEqual({});
});

const name = fc
  .stringMatching(/^[a-z][a-z0-9-]{0,8}[a-z]$/)
  .filter((text) => !/^clawbench|^tmp-volume/.test(text));
const someDeployment = fc
  .record({
    containers: fc.uniqueArray(name, { minLength: 1, maxLength: 4 }),
    volumes: fc.option(
      fc.uniqueArray(fc.oneof(name, fc.constantFrom("tmp-volume", "clawbench-results")), { maxLength: 4 }),
      { nil: undefined },
    ),
    annotations: fc.option(fc.dictionary(name, fc.string()), { nil: undefined }),
    mounts: fc.boolean(),
  })
  .map(({ containers, volumes, annotations, mounts }) =>
    readDeployment({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "d", ...(annotations && { annotations }) },
      spec: {
        template: {
          spec: {
            containers: containers.map((one, at) => ({
              name: at === 0 ? "gateway" : one,
              ...(mounts && {
                volumeMounts: (volumes ?? [])
                  .filter((volume) => volume !== "clawbench-results")
                  .map((volume) => ({ name: volume, mountPath: `/${volume}` })),
              }),
            })),
            ...(volumes && { volumes: volumes.map((volume) => ({ name: volume, emptyDir: {} })) }),
          },
        },
      },
    }),
  );

test("attaching twice is attaching once, and detaching leaves what others put there as it was", () => {
  fc.assert(
    fc.property(someDeployment, (deployment) => {
      const attached = patched(deployment, attach(deployment));
      expect(attach(attached)).toEqual([]);
      expect(podOf(attached).containers.slice(0, -1)).toEqual(podOf(deployment).containers);
      const detached = patched(attached, detachSteps(attached, { replace: false }));
      expect(podOf(detached).containers).toEqual(podOf(deployment).containers);
      expect(detached.metadata.annotations ?? {}).toEqual(deployment.metadata.annotations ?? {});
      // One that nobody used and that had our name had become ours.
      const kept = (podOf(deployment).volumes ?? []).filter((volume) => volume.name !== "clawbench-results");
      expect(podOf(detached).volumes ?? []).toEqual(kept);
      expect(detachSteps(detached, { replace: false })).toEqual([]);
    }),
  );
});
