import { hostname, userInfo } from "node:os";
import { resolve } from "node:path";
import type { Command } from "commander";
import { packRun } from "../pack/pack-run.ts";
import { findRun, runsOption, type RunsFlag } from "./find-run.ts";
import type { Host } from "./host.ts";
import { writingTo } from "./write-result.ts";

interface PackFlags extends RunsFlag {
  readonly out: string;
  readonly public?: boolean;
  readonly json?: boolean;
}

export function register(program: Command, host: Host): void {
  program
    .command("pack <run>")
    .description(
      "one archive of a run with checksums; unpacked, it is a run directory that every command reads",
    )
    .requiredOption("-o, --out <file>", "the archive, .tar.gz, .tgz or .tar.zst")
    .option("--public", "without keys, hosts, paths and user names; what was removed is listed in it")
    .addOption(runsOption())
    .option("--json", "print JSON")
    .action(async (run: string, flags: PackFlags) => {
      const directory = await findRun(host, run, flags);
      const { environment, workingDirectory } = host;
      const { username, homedir } = userInfo();
      const out = resolve(workingDirectory, flags.out);
      const machine = { hostname: hostname(), username, home: homedir };
      const sources = flags.public ? { environment, workingDirectory, machine } : null;
      const packed = await writingTo(out, () => packRun(directory, { out, public: sources }));
      if (flags.json) {
        host.print(JSON.stringify(packed, null, 2));
        return;
      }
      const removed = Object.entries(packed.redactions).map(([rule, count]) => `${count} ${rule}`);
      for (const { file, why } of packed.leftOut) host.tell(`left out: ${file}: ${why}`);
      if (flags.public) {
        host.tell(`removed: ${removed.join(", ") || "nothing"}; REDACTIONS.json in the archive lists it`);
        host.tell(
          "Look through it before you publish it: rules find what looks like a secret, not what means one.",
        );
      }
      host.tell(`${packed.files} files, ${packed.bytes} bytes`);
      host.print(packed.out);
    });
}
