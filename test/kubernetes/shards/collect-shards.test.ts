import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Kubectl } from "../../../bench/kubernetes/kubectl/kubectl.ts";
import { collectShards } from "../../../bench/kubernetes/shards/collect-shards.ts";
import { buildPlan } from "./shard-plan-builder.ts";

const folder = mkdtempSync(join(tmpdir(), "tollgate-collect-"));
afterAll(() => rmSync(folder, { recursive: true }));

const runJson = '{"v": 1}';
const records = "one\ntwo\n";

/** A reader pod in which the merged run has these two files, and what arrives of them here. */
function pod(arrives: { readonly records: string | null }, merge = { exitCode: 0, stderr: "" }) {
  const words: string[] = [];
  const kubectl = new Kubectl({
    environment: {},
    run: async (_place, given) => {
      const line = given.join(" ");
      words.push(line);
      const said = (stdout: string) => ({ stdout, stderr: "", exitCode: 0 });
      if (given[0] === "get")
        return said(
          JSON.stringify({
            kind: "Pod",
            metadata: { name: "reader" },
            status: { containerStatuses: [{ name: "tollgate", state: { running: {} } }] },
          }),
        );
      if (line.includes("tollgate merge")) return { stdout: "", ...merge };
      const root = /-- find (\S+) /.exec(line)?.[1];
      if (root !== undefined)
        return merge.exitCode === 0
          ? said(`${runJson.length} ${root}/run.json\n${records.length} ${root}/logs/a b.log\n`)
          : said("");
      if (given[0] === "cp") {
        const to = given.at(-1) ?? "";
        mkdirSync(join(to, "logs"), { recursive: true });
        writeFileSync(join(to, "run.json"), runJson);
        if (arrives.records !== null) writeFileSync(join(to, "logs", "a b.log"), arrives.records);
      }
      return said("");
    },
  });
  return { kubectl, words };
}

const options = { partial: false, timeoutMs: 1_000 };

test("a copy of which a file is cut off, or lacking, is not the run, and the next call is not told that it is there", async () => {
  for (const [cut, message] of [
    ["one\n", /of logs\/a b\.log 4 of 8 bytes came/],
    [null, /of logs\/a b\.log nothing came.*the same command again/],
  ] as const) {
    const here = join(folder, `cut-${String(cut).length}`);
    const { kubectl, words } = pod({ records: cut });
    await expect(collectShards(kubectl, buildPlan(), { here, ...options })).rejects.toThrow(message);
    expect(existsSync(here)).toBe(false);
    expect(existsSync(`${here}.copying`)).toBe(false);
    expect(words.at(-1)).toMatch(/^delete pod tollgate-reader-/);
  }
});

test("a whole copy gets its name, also where an earlier one was killed", async () => {
  const here = join(folder, "whole");
  mkdirSync(`${here}.copying`);
  writeFileSync(join(`${here}.copying`, "left"), "");
  expect(await collectShards(pod({ records }).kubectl, buildPlan(), { here, ...options })).toMatchObject({
    exitCode: 0,
  });
  expect(readFileSync(join(here, "logs", "a b.log"), "utf8")).toBe(records);
  expect(existsSync(join(here, "left"))).toBe(false);
});

test("a connection that was lost while they were merged is no merge", async () => {
  const here = join(folder, "lost");
  const lost = pod({ records }, { exitCode: 1, stderr: "error: unable to upgrade connection" });
  await expect(collectShards(lost.kubectl, buildPlan(), { here, ...options })).rejects.toThrow(
    /cannot be merged \(exit code 1\): error: unable to upgrade connection/,
  );
  expect(existsSync(here)).toBe(false);
});
