import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { gitFacts } from "../../bench/host/host-facts.ts";
import { TemporaryFolder } from "../e2e/tollgate-process.ts";

/** A repository with one commit. */
class Repository extends TemporaryFolder {
  readonly revision: string;
  constructor() {
    super();
    writeFileSync(join(this.path, "a"), "");
    this.git("init", "-q");
    this.git("add", "a");
    this.git("-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qm", "a");
    this.revision = this.git("rev-parse", "HEAD");
  }

  git(...args: readonly string[]): string {
    return execFileSync("git", ["-C", this.path, ...args], { encoding: "utf8" }).trim();
  }

  folder(name: string): string {
    mkdirSync(join(this.path, name), { recursive: true });
    return `${join(this.path, name)}/`;
  }
}

test("a checkout has its revision, and is dirty when something in it is changed", async () => {
  using project = new Repository();
  const place = { root: `${project.path}/`, isBuilt: false };
  expect(await gitFacts(place)).toEqual({ revision: project.revision, dirty: false });
  writeFileSync(join(project.path, "a"), "changed");
  expect(await gitFacts(place)).toEqual({ revision: project.revision, dirty: true });
});

test("sources without a repository have no revision, also where they lie in another project's", async () => {
  using project = new Repository();
  expect(await gitFacts({ root: project.folder("vendor/tollgate"), isBuilt: false })).toBeNull();
  using alone = new TemporaryFolder();
  expect(await gitFacts({ root: `${alone.path}/`, isBuilt: false })).toBeNull();
});

test("a package has the revision that it was built from, never that of the project that uses it", async () => {
  using project = new Repository();
  const root = project.folder("node_modules/tollgate");
  expect(await gitFacts({ root, isBuilt: true })).toBeNull();
  mkdirSync(join(root, "dist"));
  for (const git of [{ revision: "ab12", dirty: true }, null]) {
    writeFileSync(join(root, "dist/build.json"), JSON.stringify({ git }));
    expect(await gitFacts({ root, isBuilt: true })).toEqual(git);
  }
});
