import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sections, workIn } from "../../bench/commands/parts.ts";
import { experimentSchema } from "../../bench/config/experiment.ts";
import { sectionIdentities } from "../../bench/config/section.ts";
import { experimentFingerprint } from "../../bench/plan/identity.ts";
import { planRun } from "../../bench/plan/run-plan.ts";
import { runJsonSchema } from "../../bench/store/run-json.ts";
import { TemporaryFolder } from "../e2e/tollgate-process.ts";
import { unpack } from "../pack/unpacked.ts";

const archives = join(import.meta.dirname, "../fixtures/stored-runs");

/** An id that changes makes every stored run unresumable, and its episodes strangers to those of a newer one. */
test.each(["sweep", "dirty", "openclaw", "resumed", "replay", "replay-aa"])(
  "the stored run %s still has its fingerprint and its episodes' ids",
  async (name) => {
    using folder = new TemporaryFolder();
    await unpack(join(archives, `${name}.tar.zst`), folder.path);
    const [run = ""] = readdirSync(folder.path);
    const stored = runJsonSchema.parse(JSON.parse(readFileSync(join(folder.path, run, "run.json"), "utf8")));
    const { file: _file, ...resolved } = stored.resolved;
    const experiment = experimentSchema(sections).parse(resolved);
    const identities = sectionIdentities(experiment, sections);
    expect(experimentFingerprint({ written: experiment, identities })).toBe(stored.hashes["experiment"]);
    if (name.startsWith("replay")) return;
    const loaded = {
      experiment,
      recorded: experiment,
      written: experiment,
      identities,
      rawArms: [],
      file: "x.yaml",
    };
    const workload = await workIn(experiment).plan(experiment, {});
    expect(planRun(loaded, workload).identity.cells).toEqual(stored.cells);
  },
);
