import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ownPrograms } from "../../bench/host/own-programs.ts";

test("in an image, which is no checkout, Tollgate is told apart by what the image holds", async () => {
  const root = mkdtempSync(join(tmpdir(), "tollgate-own-"));
  try {
    const { versions } = await ownPrograms(root);
    expect(Object.keys(versions)).toEqual(["tollgate", "node"]);
    writeFileSync(join(root, "sources.sha256"), "abc\n");
    expect((await ownPrograms(root)).versions).toEqual({ ...versions, "tollgate sources": "abc" });
  } finally {
    rmSync(root, { recursive: true });
  }
});
