import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { TemporaryFolder } from "../e2e/tollgate-process.ts";
import { gatewayTable, type GatewayReplay } from "../../scripts/benchmark/gateway-rows.ts";

const interval = (estimate: number, half: number) => ({
  interval: { estimate, low: estimate - half, high: estimate + half },
});
const comparison = (
  label: string,
  more: Partial<GatewayReplay["comparisons"][number]> = {},
  part = "compared",
) => ({
  setting: { load: "closed:4" },
  arm: { label, part },
  blocks: 4,
  metrics: { ttft: interval(2, 0.5), e2e: interval(-0.25, 0.5) },
  path: { firstTokenMs: interval(12.34, 1), wholeMs: interval(1.5, 0.25) },
  streaming: "comparable",
  ...more,
});
const replay: GatewayReplay = {
  createdAt: "2026-11-28T12:00:00Z",
  machine: "2 x CPU",
  simulated: true,
  verdict: "valid",
  plan: { blocks: 4, conversations: 12, requests: 60 },
  comparisons: [
    comparison("nginx"),
    comparison("buffering", { streaming: "simulated", path: null }),
    comparison("lying", { altered: "request-altered: seed" }),
    comparison("rare", { metrics: { ttft: { interval: null }, e2e: { interval: null } } }),
    comparison("raw.2", {}, "again"),
    comparison("null-proxy", {}, "placebo"),
  ],
};
const compared = (arm: string, ...findings: { kind: string; what: string; count: number }[]) => ({
  arm,
  comparedRequests: 30,
  comparedAnswers: 30,
  findings,
});

test("a row an arm: costs where they can be stated, and what it did over all cells of the sweep", () => {
  const form = { kind: "form", what: "white space", count: 30 };
  const seed = { kind: "request", what: "seed is 1 and not 2", count: 3 };
  const table = gatewayTable({
    replay,
    fidelity: [
      ...["nginx", "raw", "null-proxy", "nginx"].map((arm) => compared(arm)),
      compared("buffering", form),
      compared("buffering", form),
      compared("lying", form, seed, { kind: "form", what: "order of keys", count: 9 }),
    ],
    versions: { nginx: "nginx version: nginx/1.22.1" },
  });
  const rows = table
    .split("\n")
    .map((line) => line.split(" | ").map((cell) => cell.replaceAll(/^\| | \|$/g, "")));
  const [first, whole, clientFirst, clientWhole] = [
    "+12.3 [+11.3, +13.3]",
    "+1.50 [+1.25, +1.75]",
    "+2.00 [+1.50, +2.50]",
    "-0.250 [-0.750, +0.250]",
  ];
  const costs = [first, whole, clientFirst, clientWhole];
  const refused = Array.from({ length: 4 }, () => "not comparable");
  const told = "only spelled otherwise: white space";
  expect(rows.slice(2)).toEqual([
    ["4", "nginx version: nginx/1.22.1", ...costs, "nothing: 60 requests byte for byte the same"],
    ["4", "buffering", "not streamed", "-", "not streamed", clientWhole, `${told} (60)`],
    ["4", "lying", ...refused, `request: seed is 1 and not 2 (3); ${told} (30), order of keys (9)`],
    ["4", "rare", first, whole, "n too small", "n too small", "not compared"],
    ["4", "raw once more (A/A)", ...costs, "nothing: 30 requests byte for byte the same"],
    ["4", "a proxy that does nothing", ...costs, "nothing: 30 requests byte for byte the same"],
  ]);
  expect(new Set(rows.map(({ length }) => length))).toEqual(new Set([7]));
});

test("the script prints the table of runs that are there, with the versions that their gateways gave", () => {
  using folder = new TemporaryFolder();
  const write = (path: string, value: unknown) => {
    mkdirSync(join(folder.path, dirname(path)), { recursive: true });
    writeFileSync(join(folder.path, path), JSON.stringify(value));
  };
  write("sweep/report/report.json", { cells: [{ fidelity: compared("nginx") }, { fidelity: null }, {}] });
  write("replay/report/report.json", replay);
  write("replay/evidence/servers/arm-nginx.json", { arm: "nginx", version: "nginx version: nginx/1.22.1" });
  write("replay/evidence/servers/arm-lying.json", { arm: "lying", version: null });
  const runs = ["--sweep", join(folder.path, "sweep"), "--replay", join(folder.path, "replay")];
  const { status, stdout, stderr } = spawnSync(process.execPath, ["scripts/gateway-table.ts", ...runs], {
    encoding: "utf8",
  });
  expect([status, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(
    /^2026-11-28, 2 x CPU, Node \S+; simulated engine; 4 blocks of 60 requests, .*\n\n\| in flight/,
  );
  expect(stdout).toMatch(
    /^\| 4 \| nginx\/1\.22\.1 \| \+12\.3 .*\| nothing: 30 requests byte for byte the same \|$/m,
  );
});

interface Experiment {
  readonly arms: readonly { readonly name?: string; readonly kind: string }[];
}
const armsOf = (name: string) =>
  (parse(readFileSync(`experiments/${name}.yaml`, "utf8")) as Experiment).arms.filter(
    ({ kind }) => kind === "command",
  );

test("the gateways of the table are those of their own experiments", () => {
  expect(armsOf("gateways")).toEqual(["nginx", "caddy", "portkey", "litellm"].flatMap(armsOf));
});
