import { existsSync, globSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { expectExit, tollgate } from "../e2e/tollgate-process.ts";
import { unpack } from "../pack/unpacked.ts";
import { allBlocks, documents } from "./documents.ts";
import { DocumentFolder } from "./document-shell.ts";

const archive = join(import.meta.dirname, "../fixtures/stored-runs/sweep.tar.zst");

test("every command of the documents is run by a test, or says why not", () => {
  expect(allBlocks.length).toBeGreaterThan(5);
  const said = /^(run: on a stored run|run in the long tier: .+|run by (\S+)|not run: .{10,})$/;
  const wrong = allBlocks.filter(({ marker }) => {
    const match = said.exec(marker ?? "");
    return !match || (match[2] !== undefined && !existsSync(match[2]));
  });
  expect(wrong).toEqual([]);
});

test.each(allBlocks.filter(({ marker }) => marker === "run: on a stored run"))(
  "$file:$line does what it says",
  async ({ text }) => {
    using folder = new DocumentFolder();
    mkdirSync(join(folder.path, "runs"));
    await unpack(archive, join(folder.path, "runs"));
    const [records = ""] = globSync(join(folder.path, "runs/*/records.jsonl"));
    const episode = /"episodeId":"([0-9a-f]{16})"/.exec(readFileSync(records, "utf8"))?.[1] ?? "";
    const finished = await folder.run(text.replaceAll("EPISODE", episode));
    expectExit(finished, 0);
    expect(finished.stdout).not.toBe("");
  },
);

test("the README's table of commands is what `tollgate --help` lists", async () => {
  const { stdout } = await tollgate(["--help"]);
  const listed = [...stdout.matchAll(/^ {2}([a-z0-9]+)[ |[].*$/gm)]
    .map((match) => match[1])
    .filter((name) => name !== "help" && !/^\d/.test(name ?? ""));
  const readme = readFileSync("README.md", "utf8");
  const table = readme.slice(readme.indexOf("| command"), readme.indexOf("| exit code"));
  const named = [...table.matchAll(/^\| (`.*?) +\|/gm)].flatMap((row) =>
    [...(row[1] ?? "").matchAll(/`([a-z0-9]+)/g)].map((match) => match[1]),
  );
  expect(new Set(named)).toEqual(new Set(listed));
});

test("links between the documents lead somewhere", () => {
  const broken = documents.flatMap((file) =>
    [...readFileSync(file, "utf8").matchAll(/\]\((?!https?:)([^)#]+)\)/g)]
      .map((match) => join(file, "..", match[1] ?? ""))
      .filter((path) => !existsSync(path)),
  );
  expect(broken).toEqual([]);
});

test("the README is short enough to be read", () => {
  expect(readFileSync("README.md", "utf8").split("\n").length).toBeLessThanOrEqual(200);
});
