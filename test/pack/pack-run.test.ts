import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { packRun } from "../../bench/pack/pack-run.ts";
import { buildReport } from "../../bench/report/build-report.ts";
import { RunDirectory } from "../../bench/store/run-directory.ts";
import { BodyLog } from "../../bench/tap/body-log.ts";
import { readBodies } from "../../bench/tap/read-bodies.ts";
import type { Exchange } from "../../bench/workload/exchange.ts";
import { expectExit, tollgate } from "../e2e/tollgate-process.ts";
import { writeSegment } from "../evidence/evidence-builder.ts";
import { buildIdentity, plannedCell, runStarted } from "../store/run-builder.ts";
import { unpack } from "./unpacked.ts";

const folder = mkdtempSync(join(tmpdir(), "tollgate-pack-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

const planted = {
  key: "s3cr3t-Key/with+signs",
  host: "gpu-node-7.corp.example",
  path: "/secretlab/mallory/tau2 data",
  user: "mallory",
  written: "w11ritten-0ut",
};
const url = `https://me:hunter2pass@${planted.host}:30000`;
const requests = [
  `{"messages":["${planted.path}/a"]}`,
  `{"messages":["${planted.path}/a","in ${planted.path}/b"]}`,
];

/** A run with two cells, and secrets wherever a run can hold one. */
async function plantedRun(suffix: string): Promise<string> {
  const cells = ["raw", "gateway"].map((arm) => plannedCell(arm, 6));
  const identity = buildIdentity({
    runId: `planted-20260101T000000Z-${suffix}`,
    cells,
    argv: ["sweep", `${planted.path}/x.yaml`],
    resolved: {
      stack: { kind: "attach", agent: { url } },
      workload: { data: planted.path },
      // As a run of an older Tollgate holds it.
      arms: [{ environment: { AZURE_API_KEY: planted.written, OTHER_API_KEY: "{engineKey}" } }],
    },
  });
  await using run = await RunDirectory.create(folder, { identity, pid: process.pid });
  await run.append(runStarted(identity));
  for (const cell of cells) {
    const episodes = cell.episodeIds.map((_, index) => index);
    const failure = { class: "engine", message: `${url} refused ${planted.key}, ${planted.written}` };
    await writeSegment(run, {
      cell,
      episodes,
      record: (episode) => (episode === 0 ? { failure, status: "failed", reward: null } : {}),
    });
    const bodies = new BodyLog();
    const lines = requests.map((requestBody, index) =>
      JSON.stringify(
        bodies.line({
          hop: "outer",
          arm: cell.arm,
          attemptKey: "a",
          requestId: `r${index}`,
          requestBody,
          responseBody: `key ${planted.key} at ${planted.host}`,
        } as Exchange),
      ),
    );
    const segment = join(run.path, "evidence", cell.cellId, "s0");
    writeFileSync(join(segment, "bodies.ndjson.zst"), zstdCompressSync(`${lines.join("\n")}\n`));
  }
  writeFileSync(join(run.logDirectory, "engine.log"), `listening at ${url}, data ${planted.path}/tau2\n`);
  writeFileSync(join(run.logDirectory, "core"), Buffer.from([1, 0, 2]));
  mkdirSync(join(run.path, "evidence", "servers"));
  writeFileSync(
    join(run.path, "evidence", "servers", "agent.json"),
    JSON.stringify({ serverInfo: { version: "1", host: planted.host } }),
  );
  return run.path;
}

const sources = {
  environment: { ENGINE_API_KEY: planted.key, SHORT_TOKEN: "abc" },
  machine: { hostname: "buildbox42", username: planted.user, home: `/home/${planted.user}` },
  workingDirectory: `/home/${planted.user}/bench`,
};
const text = (path: string) => {
  const bytes = readFileSync(path);
  return (path.endsWith(".zst") ? zstdDecompressSync(bytes) : bytes).toString("utf8");
};

test("a public archive holds no secret, its sums are right, and the report of it is the same", async () => {
  const run = await plantedRun("000001");
  const out = join(folder, "public.tar.zst");
  const packed = await packRun(run, { out, public: sources });
  const target = join(folder, "unpacked");
  const names = await unpack(out, target);
  const unpacked = join(target, basename(run));

  for (const name of names) {
    const content = text(join(target, name));
    for (const secret of [...Object.values(planted), "secretlab", "hunter2pass"])
      expect({ name, secret, found: content.includes(secret) }).toEqual({ name, secret, found: false });
  }
  expect(packed.leftOut).toEqual([{ file: "logs/core", why: "no text, so nothing can be removed from it" }]);
  expect(Object.keys(packed.redactions).toSorted()).toEqual(["host", "path", "secret"]);
  expect(JSON.parse(text(join(unpacked, "REDACTIONS.json")))).toMatchObject({
    replacements: packed.redactions,
    notSearched: ["SHORT_TOKEN"],
  });
  for (const line of text(join(unpacked, "SHA256SUMS")).trimEnd().split("\n")) {
    const [sum, name = ""] = line.split("  ");
    expect(
      createHash("sha256")
        .update(readFileSync(join(unpacked, name)))
        .digest("hex"),
    ).toBe(sum);
  }
  const bodies: string[] = [];
  for await (const { requestBody } of readBodies(join(unpacked, "evidence", "c1-r0-raw", "s0")))
    bodies.push(requestBody);
  expect(bodies).toEqual(['{"messages":["(path)/a"]}', '{"messages":["(path)/a","in (path)/b"]}']);
  const report = async (directory: string) => {
    const { totals, ...model } = await buildReport(directory);
    return JSON.stringify({ ...model, totals: { ...totals, diskBytes: null } }, null, 2);
  };
  const public_ = (said: string) =>
    said
      .replaceAll(url, "https://host-1.invalid:30000")
      .replaceAll(planted.key, "(secret)")
      .replaceAll(planted.written, "(secret)");
  expect(await report(unpacked)).toBe(public_(await report(run)));
});

test("the command packs a run as it is, refuses one that is being written, and a name that is taken", async () => {
  const run = await plantedRun("000002");
  const out = join(folder, "whole.tar.gz");
  const packed = await tollgate(["pack", run, "-o", out]);
  expectExit(packed, 0);
  expect(packed.stdout.trim()).toBe(out);
  const target = join(folder, "whole");
  await unpack(out, target);
  expect(readFileSync(join(target, basename(run), "logs", "engine.log"), "utf8")).toContain(planted.host);

  const again = await tollgate(["pack", run, "-o", out]);
  expectExit(again, 2);
  expect(again.stderr).toContain("is there already");
  expectExit(await tollgate(["pack", run, "-o", join(folder, "x.zip")]), 2);
  await using _live = (await RunDirectory.resume(run, { pid: process.pid })).run;
  const live = await tollgate(["pack", run, "-o", join(folder, "live.tar.gz"), "--public"]);
  expectExit(live, 2);
  expect(live.stderr).toMatch(/is being written.*tollgate stop/);
});
