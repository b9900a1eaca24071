import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { doctorScreen } from "../../../bench/commands/doctor.ts";
import { socketFindings, spaceFinding } from "../../../bench/commands/doctor/disk-checks.ts";
import type { DoctorFinding } from "../../../bench/commands/doctor/finding.ts";
import {
  clockFinding,
  memoryFinding,
  openFilesFinding,
  processorFinding,
  stealFinding,
} from "../../../bench/commands/doctor/machine-checks.ts";
import { gpuFinding, nodeFinding } from "../../../bench/commands/doctor/program-checks.ts";
import { parseGpus } from "../../../bench/host/gpus.ts";
import { laidOut } from "../../../bench/report/screen/layout.ts";
import { lineText } from "../../../bench/report/screen/styled-text.ts";
import { TemporaryFolder, tollgate } from "../../e2e/tollgate-process.ts";

const folder = new TemporaryFolder();
afterAll(() => folder[Symbol.dispose]());

const idle = { count: 8, model: "EPYC", limit: null, load: 0.5, governors: ["performance"] };
const space = (freeBytes: number) =>
  spaceFinding("runs folder", { folder: "/runs", freeBytes, elsewhere: "--out" });
const gpus = (text: string) => gpuFinding(parseGpus(text));

test.each<[string, DoctorFinding, DoctorFinding["status"], RegExp]>([
  ["an old Node", nodeFinding("22.4.0", "linux"), "failed", /Node 22\.4\.0/],
  ["a Node that is a little too old", nodeFinding("24.9.0", "linux"), "failed", /Node 24\.9\.0/],
  ["a new one", nodeFinding("26.0.0", "linux"), "ok", /Node 26/],
  ["another system", nodeFinding("24.21.0", "darwin"), "warning", /darwin/],
  ["no GPU is no fault", gpuFinding(null), "absent", /no nvidia-smi/],
  [
    "GPUs",
    gpus("0, H200, GPU-1, 143771, 0, 570\n1, H200, GPU-2, 143771, 4, 570"),
    "ok",
    /^2 x H200 \(140 GiB\), driver 570$/,
  ],
  ["a GPU in use", gpus("0, H200, GPU-1, 143771, 90000, 570"), "warning", /GPU 0 holds 88 GiB/],
  ["a GPU that does not tell", gpus("0, GB10, GPU-1, [N/A], [N/A], 580"), "ok", /^1 x GB10, driver 580$/],
  ["idle processors", processorFinding(idle), "ok", /^8 x EPYC; load 0\.5$/],
  ["busy ones", processorFinding({ ...idle, load: 5 }), "warning", /load 5\.0/],
  ["a tight control group", processorFinding({ ...idle, limit: 2 }), "warning", /allows 2/],
  ["a lazy governor", processorFinding({ ...idle, governors: ["powersave"] }), "warning", /powersave/],
  ["no steal", stealFinding(0.0001), "ok", /0\.0 %/],
  ["some", stealFinding(0.05), "warning", /5\.0 %/],
  ["unknown steal is not none", stealFinding(null), "absent", /does not tell/],
  ["memory", memoryFinding(5 * 2 ** 30), "ok", /^5\.0 GiB/],
  ["little memory", memoryFinding(2 ** 30), "warning", /^1\.0 GiB/],
  ["a good clock", clockFinding("tsc", 0.3), "ok", /tsc.*0\.3 ms late/],
  ["a slow clock", clockFinding("hpet", 0.3), "warning", /hpet/],
  ["late timers", clockFinding("kvm-clock", 9), "warning", /9\.0 ms late/],
  ["few files", openFilesFinding(1024), "warning", /1024/],
  ["no limit of files", openFilesFinding(Number.POSITIVE_INFINITY), "ok", /any number/],
  ["room", space(5 * 2 ** 30), "ok", /5\.0 GiB free/],
  ["little room", space(2 ** 29), "warning", /0\.5 GiB free/],
  ["no room", space(2 ** 20), "failed", /0\.0 GiB free/],
])("%s", (...[, finding, status, what]) => {
  expect([finding.status, finding.what]).toEqual([status, expect.stringMatching(what)]);
  expect(finding.change === null).toBe(status === "ok");
});

test("a folder that is too long for a socket is refused, and no other", () => {
  expect(socketFindings("/tmp")).toEqual([]);
  expect(socketFindings(`/tmp/${"x".repeat(80)}`)).toMatchObject([{ status: "failed" }]);
});

test("the screen: a line for each, what to do below it, and a sum", () => {
  const findings = [
    nodeFinding("24.21.0", "linux"),
    memoryFinding(2 ** 30),
    { ...memoryFinding(2 ** 30), status: "failed" as const },
  ];
  const shown = (said: readonly DoctorFinding[]) =>
    laidOut(doctorScreen(said), 80)
      .map((line) => lineText(line, false))
      .join("\n");
  expect(shown(findings.slice(0, 1))).toBe(
    "ok       node         Node 24.21.0 on linux\n\nEverything that is needed is here.",
  );
  expect(shown(findings.slice(0, 2))).toContain("Usable, with 1 warning.");
  expect(shown(findings)).toMatch(/ {22}-> An OpenClaw[\s\S]*1 failed: nothing can be measured/);
  for (const line of shown(findings).split("\n")) expect(line.length).toBeLessThanOrEqual(80);
});

test("the command looks at this machine; what is not writable fails it", async () => {
  const usual = await tollgate(["doctor", "--json"]);
  const { ok, findings } = JSON.parse(usual.stdout) as { ok: boolean; findings: DoctorFinding[] };
  expect([usual.code, ok]).toEqual([0, true]);
  expect(findings.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      "node",
      "openclaw",
      "docker",
      "gpus",
      "ports",
      "runs folder",
      "clock",
      "real time",
      "steal time",
    ]),
  );
  for (const { what, change, status } of findings) {
    expect(what).not.toBe("");
    expect(change === null).toBe(status === "ok");
  }
  const long = join(folder.path, "x".repeat(90));
  mkdirSync(long);
  const broken = await tollgate(["doctor"], { TMPDIR: long });
  expect([broken.code, broken.stdout]).toEqual([3, expect.stringMatching(/failed +sockets/)]);
});
