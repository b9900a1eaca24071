import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { freePort } from "../../../bench/host/free-port.ts";
import { respond, StandInGateway } from "../../agent/openclaw/stand-in-gateway.ts";
import { TollgateProcess } from "../../e2e/tollgate-process.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tollgate-entry-test-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The command that the image starts, with what a pod gives it. */
const entry = (more: Readonly<Record<string, string>> = {}) =>
  new TollgateProcess(["k8s", "entry"], {
    OPENCLAW_GATEWAY_TOKEN: "gateway-secret",
    CLAWBENCH_MODEL: "simulated/tollgate-sim",
    CLAWBENCH_CONNECT_TIMEOUT: "2",
    OPENCLAW_HOME_DIR: folder,
    TOLLGATE_RESULTS_DIR: join(folder, "results"),
    TOLLGATE_TERMINATION_LOG: join(folder, "termination"),
    ...more,
  });
const reason = () => readFileSync(join(folder, "termination"), "utf8");

test("a gateway that is late ends the container with 3, and Kubernetes is told why", async () => {
  const url = `ws://127.0.0.1:${await freePort()}`;
  await using started = entry({ OPENCLAW_GATEWAY_URL: url });
  expect((await started.finished()).code).toBe(3);
  expect(reason()).toMatch(/was not ready after 2 s.*CLAWBENCH_CONNECT_TIMEOUT/);
  expect(JSON.parse(readFileSync(join(folder, "results/sidecar.json"), "utf8"))).toMatchObject({
    state: "failed",
    run: null,
  });
  expect(existsSync(join(folder, "results/runs/x"))).toBe(false);
});

test("a token that the gateway does not take ends it at once, and is in no message", async () => {
  const error = {
    code: "INVALID_REQUEST",
    message: "unauthorized: gateway token mismatch",
    details: { code: "AUTH_TOKEN_MISMATCH" },
  };
  await using gateway = await StandInGateway.start(() => undefined, {
    connect: (request, socket) => respond(socket, request, { ok: false, error }),
  });
  await using started = entry({ OPENCLAW_GATEWAY_URL: gateway.url, CLAWBENCH_CONNECT_TIMEOUT: "600" });
  const { code, stderr, stdout } = await started.finished();
  expect(code).toBe(3);
  expect(reason()).toMatch(/OPENCLAW_GATEWAY_TOKEN must hold the token of this gateway/);
  expect(`${stdout}${stderr}${reason()}`).not.toContain("gateway-secret");
});

test.each([
  [{ CLAWBENCH_RUNS: "some" }, /CLAWBENCH_RUNS is "some"/],
  [{ CLAWBENCH_MODEL: "mistral/large" }, /names no provider/],
  [{ OPENCLAW_GATEWAY_TOKEN: "" }, /OPENCLAW_GATEWAY_TOKEN is not set/],
])("a setting that cannot work ends it with 2: %j", async (wrong, message) => {
  await using started = entry(wrong);
  expect((await started.finished()).code).toBe(2);
  expect(reason()).toMatch(message);
});

test("a task that does not exist is said before anything is begun", async () => {
  await using gateway = await StandInGateway.start(() => undefined);
  await using started = entry({ OPENCLAW_GATEWAY_URL: gateway.url, CLAWBENCH_TASKS: "no-such-task" });
  expect((await started.finished()).code).toBe(2);
  expect(reason()).toMatch(/No task is called "no-such-task"/);
});

test("it ends when it is told while it waits", async () => {
  const url = `ws://127.0.0.1:${await freePort()}`;
  await using started = entry({ OPENCLAW_GATEWAY_URL: url, CLAWBENCH_CONNECT_TIMEOUT: "600" });
  await started.until(() => started.stdout.includes("experiment:"), { what: "an experiment" });
  started.child.kill("SIGTERM");
  expect((await started.finished()).code).toBe(0);
});
