#!/usr/bin/env node
import { join } from "node:path";
import { experiment, runPublished } from "./published/published-command.ts";

/** As Hydra adds it where it is left out. */
const withEnding = (name: string) => (/\.ya?ml$/.test(name) ? name : `${name}.yaml`);

/** The command line of CLaaS' own evaluation (`python -m claas.eval`). */
await runPublished({
  usage: `usage: node scripts/claas-eval.ts [--config-dir DIR] [--config-name NAME] [KEY=VALUE...] [-- arguments of tollgate feedback]
  --config-dir DIR    folder of settings files
  --config-name NAME  the file in it, without .yaml (default: base)
  KEY=VALUE           changes one setting, e.g. num_steps=10 'preferences=[concise]' training.is_clip=7.0
Without --config-dir: the settings that the evaluation has by itself (experiments/feedback-claas.yaml).
Runs lie beside each other in the folder of output_dir, each with summary.json and a folder for each preference.
--dry-run prints the command and does nothing. To go on with a run: tollgate resume RUN.`,
  options: ["config-dir", "config-name"],
  translate: ({ "config-dir": folder, "config-name": name }, settings) => {
    if (folder === undefined && name !== undefined && name !== "base")
      throw new Error(`--config-name ${name} is looked for in --config-dir: give that, too.`);
    const strange = settings.find((one) => !one.includes("=") || /^\+{0,2}hydra\b/.test(one));
    if (strange !== undefined)
      throw new Error(
        `${strange} means nothing here: write KEY=VALUE; how Hydra itself works (hydra.…) cannot be set, because it is not there.`,
      );
    const file =
      folder === undefined ? experiment("feedback-claas") : join(folder, withEnding(name ?? "base"));
    return ["feedback", file, ...settings];
  },
});
