import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { invoke } from "../commands/invoke.ts";

const folder = mkdtempSync(join(tmpdir(), "tollgate-k8s-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A machine with a `kubectl` for a cluster at this address, in which nothing is; null is a machine without one. */
function machine(server: string | null, environment: Readonly<Record<string, string>> = {}) {
  const place = mkdtempSync(join(folder, "bin-"));
  const config = JSON.stringify({ "current-context": "prod", clusters: [{ cluster: { server } }] });
  const script = [
    "#!/bin/sh",
    `printf '%s\\n' "$*" >> "${place}/words"; env > "${place}/environment"`,
    `case "$*" in *"config view"*) echo '${config}' ;; *"get --raw /apis"*) echo '{"groups":[]}' ;; *--raw*) echo '{}' ;; esac`,
  ];
  if (server !== null) writeFileSync(join(place, "kubectl"), `${script.join("\n")}\n`, { mode: 0o755 });
  // Only what the scripts need, so that a kubectl of this machine is not found.
  for (const name of ["sh", "env", "cat", "readlink", "uname", "node"]) {
    const path =
      name === "node"
        ? process.execPath
        : spawnSync("sh", ["-c", `command -v ${name}`])
            .stdout.toString()
            .trim();
    symlinkSync(path, join(place, name));
  }
  return { place, environment: { PATH: place, HOME: folder, CLAWBENCH_NAMESPACE: "ns", ...environment } };
}

const wordsOf = (place: string) => readFileSync(join(place, "words"), "utf8");

test("without kubectl: what to install", async () => {
  const { environment } = machine(null);
  expect(await invoke(["k8s", "up"], { environment })).toMatchObject({
    code: 3,
    stderr: expect.stringMatching(/`kubectl` is not on the PATH/) as string,
  });
});

test("without a namespace: how to name one, before any cluster is asked", async () => {
  const { environment } = machine(null, { CLAWBENCH_NAMESPACE: "" });
  expect(await invoke(["k8s", "attach"], { environment })).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(
      /No namespace is named. Give --namespace NS, or set CLAWBENCH_NAMESPACE/,
    ) as string,
  });
});

test("a cluster elsewhere is not changed unasked, and nobody to ask is no yes", async () => {
  const { place, environment } = machine("https://prod.example:6443");
  for (const mode of ["up", "openclaw", "mlflow", "attach", "detach", "down"]) {
    const { code, stderr } = await invoke(["k8s", mode], { environment });
    expect({ mode, code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/context prod \(https:\/\/prod\.example:6443\)\. Give --yes/) as string,
    });
  }
  expect(wordsOf(place)).not.toMatch(/apply|create|patch|delete/);
});

test.each([
  ["n", /Nothing was changed/],
  ["", /Nothing was changed/],
  ["y", /There is no namespace ns; nothing to delete/],
  ["YES", /There is no namespace ns/],
])("the answer %j to the question counts", async (answer, stderr) => {
  const { environment } = machine("https://10.0.0.1:6443");
  const asked: string[] = [];
  const ask = async (question: string) => {
    asked.push(question);
    return await Promise.resolve(answer);
  };
  const finished = await invoke(["k8s", "down"], { environment, ask });
  expect(finished.stderr).toMatch(stderr);
  expect(asked).toEqual([
    "The cluster is not on this machine: context prod (https://10.0.0.1:6443). Go on? [y/N] ",
  ]);
});

test("a cluster on this machine needs no yes, and --yes is one", async () => {
  for (const [server, ...more] of [["https://127.0.0.1:6443"], ["https://10.0.0.1:6443", "--yes"]]) {
    const { environment } = machine(server ?? "");
    expect(await invoke(["k8s", "down", ...more], { environment })).toMatchObject({ code: 0 });
  }
});

test("keys stay with us: neither kubectl nor its login plugins see them", async () => {
  const { place, environment } = machine("https://127.0.0.1:6443", {
    OPENAI_API_KEY: "sk-very-secret",
    OPENCLAW_GATEWAY_TOKEN: "gateway-token",
    AWS_PROFILE: "for-a-login-plugin",
  });
  await invoke(["k8s", "attach"], { environment });
  const seen = readFileSync(join(place, "environment"), "utf8");
  expect(seen).not.toMatch(/sk-very-secret|gateway-token/);
  expect(seen).toMatch(/AWS_PROFILE=for-a-login-plugin/);
});

test("an experiment that cannot be read, and a mode that cannot be rendered, are named", async () => {
  const { environment } = machine("https://127.0.0.1:6443");
  const missing = await invoke(["k8s", "attach", "--experiment", "no.yaml"], { environment });
  expect(missing).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/no\.yaml cannot be read: ENOENT/) as string,
  });
  const unknown = await invoke(["k8s", "render", "down"], { environment });
  expect(unknown).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/no mode "down".*openclaw, mlflow, attach/) as string,
  });
});

test("rendering asks no cluster and holds no key", async () => {
  const { environment } = machine(null, { OPENAI_API_KEY: "sk-very-secret" });
  const { code, stdout } = await invoke(["k8s", "render"], { environment });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^---\napiVersion: v1\nkind: Namespace/);
  expect(stdout).not.toContain("sk-very-secret");
});

/** ClawBench's command line. */
function deploy(words: readonly string[], environment: Readonly<Record<string, string>>) {
  const { status, stdout, stderr } = spawnSync("scripts/k8s/deploy.sh", words, {
    encoding: "utf8",
    env: environment,
  });
  return { code: status, stdout, stderr };
}

test("deploy.sh: help needs nothing; what cannot work is said as ClawBench's script says it", () => {
  const { environment } = machine(null);
  expect(deploy(["--help"], environment)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("--add-sidecar") as string,
  });
  expect(deploy(["--bogus"], environment)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("Unknown option: --bogus") as string,
  });
  expect(deploy([], environment)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("Missing: kubectl") as string,
  });
  const nameless = machine("https://127.0.0.1:6443", { CLAWBENCH_NAMESPACE: "" }).environment;
  expect(deploy(["--logs"], nameless)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /CLAWBENCH_NAMESPACE is required\.\n {2}export CLAWBENCH_NAMESPACE=clawbench-eval/,
    ) as string,
  });
});

test("deploy.sh: two modes are refused, the same one twice is one", () => {
  const { environment } = machine("https://127.0.0.1:6443");
  expect(deploy(["--logs", "--teardown"], environment)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/--teardown and another mode were given/) as string,
  });
  expect(deploy(["--teardown", "--teardown"], environment)).toMatchObject({ code: 0 });
});

test("deploy.sh: a cluster elsewhere is served where nobody can answer, as ever", () => {
  const { place, environment } = machine("https://prod.example:6443");
  expect(deploy(["--teardown"], environment)).toMatchObject({
    code: 0,
    stderr: expect.stringContaining("There is no namespace ns; nothing to delete.") as string,
  });
  expect(wordsOf(place)).toContain("get namespace ns");
});

test("an experiment that holds a key, or that no ConfigMap takes, is printed as little as it is applied", async () => {
  const { environment, place } = machine(null, { OPENAI_API_KEY: "sk-12345678" });
  const file = join(place, "experiment.yaml");
  const render = () => invoke(["k8s", "render", "attach", "--experiment", file], { environment });
  writeFileSync(file, "name: x # sk-12345678\n");
  expect(await render()).toMatchObject({
    code: 2,
    stdout: "",
    stderr: expect.stringContaining("holds the value of OPENAI_API_KEY") as string,
  });
  writeFileSync(file, `name: x # ${"é".repeat(524_288)}\n`);
  expect(await render()).toMatchObject({
    code: 2,
    stdout: "",
    stderr: expect.stringMatching(/The experiment has 1048602 bytes.*takes 1048576/) as string,
  });
});

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)(
  "%s ends kubectl with the command, and the exit code says so",
  async (signal, code) => {
    const { environment, place } = machine("https://127.0.0.1:6443");
    // It hangs, as a login plugin does that waits for a person.
    writeFileSync(join(place, "kubectl"), `#!/bin/sh\necho $$ > ${place}/pid\nexec sleep 300\n`, {
      mode: 0o755,
    });
    symlinkSync("/bin/sleep", join(place, "sleep"));
    const command = spawn(process.execPath, ["bench/main.ts", "k8s", "logs"], { env: environment });
    const pid = () => (existsSync(join(place, "pid")) ? Number(readFileSync(join(place, "pid"), "utf8")) : 0);
    await expect.poll(pid, { timeout: 30_000 }).toBeGreaterThan(0);
    command.kill(signal);
    const [ended] = (await once(command, "exit")) as [number | null];
    expect(ended).toBe(code);
    await expect.poll(() => existsSync(`/proc/${pid()}`)).toBe(false);
  },
  60_000,
);
