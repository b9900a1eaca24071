import type { Command } from "commander";
import { exitCodes } from "../exit-codes.ts";
import { verificationText } from "../verify/text.ts";
import { verifyRun } from "../verify/verify-run.ts";
import { findMeasured, runsOption, type RunsFlag } from "./find-run.ts";
import type { Host } from "./host.ts";

export function register(program: Command, host: Host): void {
  program
    .command("verify <run>")
    .description(
      "recomputes the figures of a run's report from its records and evidence, with other code than the report's; exit code 1 when one of them is not what the evidence gives",
    )
    .addOption(runsOption())
    .option("--json", "print JSON")
    .action(async (run: string, flags: RunsFlag & { readonly json?: boolean }) => {
      const found = await verifyRun(await findMeasured(host, run, flags));
      host.print(flags.json ? JSON.stringify(found, null, 2) : verificationText(found));
      host.setExitCode(found.unequal.length === 0 ? exitCodes.ok : exitCodes.resultInvalid);
    });
}
