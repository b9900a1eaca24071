import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { liveProcess } from "../../../bench/host/process-table.ts";
import { Kubectl } from "../../../bench/kubernetes/kubectl/kubectl.ts";
import { runKubectl } from "../../../bench/kubernetes/kubectl/kubectl-process.ts";
import { errorOf } from "../../../bench/kubernetes/kubectl/kubectl-error.ts";

const folder = mkdtempSync(join(tmpdir(), "tollgate-kubectl-test-"));
afterAll(() => rmSync(folder, { recursive: true }));
let place = "";

/** A `kubectl` that is these lines of shell. */
function placeOf(...lines: string[]) {
  place = mkdtempSync(join(folder, "bin-"));
  writeFileSync(join(place, "kubectl"), `#!/bin/sh\n${lines.join("\n")}\n`, { mode: 0o755 });
  return { environment: { PATH: `${place}:/usr/bin:/bin`, PLACE: place } };
}

const secret = {
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "clawbench-secrets", namespace: "ns" },
  stringData: { OPENAI_API_KEY: "sk-very-secret" },
};

test("manifests reach kubectl on its standard input, whole, and nothing of them is among its words", async () => {
  const kubectl = new Kubectl({
    ...placeOf(`printf '%s\\n' "$@" > "$PLACE/words"`, `cat > "$PLACE/input"`, `cat "$PLACE/input"`),
    context: "kind-here",
  });
  const big = { ...secret, stringData: { OPENAI_API_KEY: "sk-very-secret".repeat(50_000) } };
  const applied = await kubectl.apply([secret, big], { namespace: "ns" });
  expect(applied.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
    "Secret clawbench-secrets",
    "Secret clawbench-secrets",
  ]);
  expect(JSON.parse(readFileSync(join(place, "input"), "utf8"))).toMatchObject({ items: [secret, big] });
  const words = readFileSync(join(place, "words"), "utf8");
  expect(words).not.toContain("sk-very");
  expect(words.split("\n")).toEqual(
    expect.arrayContaining(["--context", "kind-here", "--server-side", "--field-manager=tollgate", "ns"]),
  );
});

test("a patch is read from a path that can be opened, which a pipe of Node's cannot", async () => {
  const kubectl = new Kubectl(
    placeOf(`cat /dev/stdin > "$PLACE/patch"`, `echo '{"kind":"Deployment","metadata":{"name":"openclaw"}}'`),
  );
  const steps = [{ op: "test", path: "/spec/template/spec/containers/1/name", value: "clawbench" }] as const;
  const patched = await kubectl.patch({ kind: "deployment", name: "openclaw" }, steps, "tollgate-attach");
  expect(patched.metadata.name).toBe("openclaw");
  expect(JSON.parse(readFileSync(join(place, "patch"), "utf8"))).toEqual(steps);
});

test("objects one behind the other are as good as a list", async () => {
  const one = (name: string) => JSON.stringify({ kind: "Pod", metadata: { name } }, null, 4);
  const kubectl = new Kubectl(placeOf(`cat <<'END'`, one("a"), one("b"), "END"));
  const pods = await kubectl.list({ kind: "pods" });
  expect(pods.map(({ metadata }) => metadata.name)).toEqual(["a", "b"]);
});

test("what is not there is null, and no failure", async () => {
  expect(await new Kubectl(placeOf("exit 0")).get({ kind: "deployment", name: "x" })).toBeNull();
});

test("an object that exists is not made, and another failure of create is one", async () => {
  const failing = (words: string) => new Kubectl(placeOf(`echo '${words}' >&2`, "exit 1"));
  expect(
    await failing('Error from server (AlreadyExists): namespaces "ns" already exists').createMissing(secret),
  ).toBe(false);
  await expect(failing("Error from server (Forbidden): no").createMissing(secret)).rejects.toMatchObject({
    failure: "forbidden",
  });
});

test("a call is made again while the API server does not answer, and the wait is told once", async () => {
  const told: string[] = [];
  const kubectl = new Kubectl({
    ...placeOf(
      `echo again >> "$PLACE/calls"`,
      `[ $(wc -l < "$PLACE/calls") -gt 2 ] && exit 0`,
      `echo 'The connection to the server 10.0.0.1:6443 was refused - did you specify the right host or port?' >&2`,
      "exit 1",
    ),
    tell: (text) => told.push(text),
  });
  expect(await kubectl.get({ kind: "pod", name: "x" })).toBeNull();
  expect(readFileSync(join(place, "calls"), "utf8").split("\n")).toHaveLength(4);
  expect(told).toEqual([expect.stringContaining("10.0.0.1:6443 was refused")]);
});

test("a patch is made once, whoever answers: the first may have been done", async () => {
  const kubectl = new Kubectl(
    placeOf(`echo x >> "$PLACE/calls"`, "echo 'Unable to connect to the server: EOF' >&2", "exit 1"),
  );
  await expect(kubectl.patch({ kind: "deployment", name: "x" }, [], "m")).rejects.toMatchObject({
    failure: "unreachable",
  });
  expect(readFileSync(join(place, "calls"), "utf8")).toBe("x\n");
});

test("a kubectl that hangs is ended with what it started, and the time is named", async () => {
  const hanging = placeOf(`sleep 300 & echo $! > "$PLACE/child"`, "wait");
  await expect(
    runKubectl(hanging, ["get", "pods"], { what: "kubectl get pods", timeoutMs: 700 }),
  ).rejects.toMatchObject({
    failure: "unreachable",
    message: expect.stringContaining("within 0.7 s") as string,
  });
  await expect.poll(() => liveProcess(Number(readFileSync(join(place, "child"), "utf8")))).toBeNull();
});

test("a signal ends a followed log", async () => {
  const stop = new AbortController();
  const lines: string[] = [];
  const onLine = (line: string) => {
    lines.push(line);
    if (lines.length === 2) stop.abort();
  };
  const kubectl = new Kubectl({ ...placeOf("echo one", "echo two", "sleep 300"), signal: stop.signal });
  await expect(kubectl.logs({ namespace: "ns", of: "pod/x", follow: { onLine } })).rejects.toThrow(/abort/i);
  expect(lines).toEqual(["one", "two"]);
});

test("the exit code of a program in a container is its answer", async () => {
  const kubectl = new Kubectl(placeOf("cat", "echo loud >&2", "exit 7"));
  const at = { namespace: "ns", pod: "p", container: "c" };
  expect(await kubectl.exec(at, ["sh"], { input: "in" })).toEqual({
    stdout: "in",
    stderr: "loud\n",
    exitCode: 7,
  });
});

test("a program on a node that is gone is waited for no longer than it may take", async () => {
  const kubectl = new Kubectl(placeOf("sleep 300"));
  const at = { namespace: "ns", pod: "p", container: "c" };
  const asked = kubectl.exec(at, ["true"], { timeoutMs: 300 });
  await expect(asked).rejects.toMatchObject({ failure: "unreachable" });
});

test("what is taken away after a signal is taken away", async () => {
  const stop = new AbortController();
  const kubectl = new Kubectl({ ...placeOf("echo pod/x"), signal: stop.signal });
  stop.abort();
  const target = { kind: "pod", name: "x", namespace: "ns" };
  await expect(kubectl.delete(target)).rejects.toThrow(/abort/i);
  expect(await kubectl.cleaner.delete(target, { wait: false })).toBe(true);
});

test("a machine without kubectl says what to install", async () => {
  await expect(new Kubectl({ environment: { PATH: folder } }).list({ kind: "pods" })).rejects.toMatchObject({
    name: "StartError",
    message: expect.stringMatching(/`kubectl` is not on the PATH.*Install it/) as string,
  });
});

test.each([
  ['error: context "nope" does not exist', "configuration", /config get-contexts/],
  [
    "The connection to the server localhost:8080 was refused - did you specify the right host or port?",
    "configuration",
    /KUBECONFIG/,
  ],
  ["error: You must be logged in to the server (Unauthorized)", "unauthorized", /log in/i],
  [
    "Unable to connect to the server: getting credentials: exec: executable aws-iam-authenticator not found",
    "unauthorized",
    /aws-iam-authenticator/,
  ],
  [
    "Unable to connect to the server: tls: failed to verify certificate: x509: certificate signed by unknown authority",
    "configuration",
    /certificate/,
  ],
  ["Unable to connect to the server: dial tcp 10.1.2.3:6443: i/o timeout", "unreachable", /10\.1\.2\.3:6443/],
  ["Error from server: etcdserver: request timed out", "unreachable", /etcdserver/],
  ["Error from server (ServiceUnavailable): the server is currently unable", "unreachable", /VPN/],
  [
    'Error from server (Forbidden): error when creating "STDIN": persistentvolumeclaims "clawbench-results" is forbidden: exceeded quota: small, requested: requests.storage=10Gi, used: requests.storage=0, limited: requests.storage=1Gi',
    "quota",
    /exceeded quota: small.*describe quota/s,
  ],
  [
    'Error from server (Forbidden): pods "x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true',
    "policy",
    /runAsNonRoot/,
  ],
  [
    'Error from server (Forbidden): error when creating "STDIN": configmaps "x" is forbidden: unable to create new content in namespace ns because it is being terminated',
    "terminating",
    /being deleted/,
  ],
  [
    'Error from server (Forbidden): deployments.apps is forbidden: User "bob" cannot list resource "deployments" in API group "apps" in the namespace "ns"',
    "forbidden",
    /auth can-i/,
  ],
  [
    'Error from server (NotFound): deployments.apps "openclaw" not found',
    "not-found",
    /"openclaw" not found\.$/,
  ],
  [
    "The request is invalid: the server rejected our request due to an error in our request",
    "test-failed",
    /no longer/,
  ],
  [
    'error: Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using apps/v1: .spec.replicas',
    "conflict",
    /kubectl-client-side-apply/,
  ],
  [
    'The Deployment "openclaw" is invalid: spec.selector: Invalid value: v1.LabelSelector{}: field is immutable',
    "immutable",
    /Delete the object/,
  ],
  [
    'The PersistentVolumeClaim "p" is invalid: spec: Forbidden: spec is immutable after creation except resources.requests',
    "immutable",
    /Delete the object/,
  ],
  [
    'The Deployment "openclaw" is invalid: spec.template.spec.containers[1].volumeMounts[0].name: Not found: "nope"',
    "invalid",
    /nope/,
  ],
])("what kubectl says becomes a kind and what to do: %s", (stderr, failure, message) => {
  const error = errorOf("kubectl apply of Deployment openclaw", stderr);
  expect(error.failure).toBe(failure);
  expect(error.message).toMatch(/^kubectl apply of Deployment openclaw failed: /);
  expect(error.message).toMatch(message);
});

test("lines of kubectl's own log do not stand before its words", () => {
  const noise =
    'E1129 11:00:00.000000   12 memcache.go:265] "Unhandled Error" err="couldn\'t get current server API group list"';
  expect(errorOf("x", `${noise}\n${noise}\nerror: context "a" does not exist`).reason).toBe(
    'error: context "a" does not exist',
  );
});
