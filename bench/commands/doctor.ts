import { tmpdir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { exitCodes } from "../exit-codes.ts";
import { blank, line, type Part } from "../report/screen/layout.ts";
import { plain, toned, type Tone } from "../report/screen/styled-text.ts";
import { diskChecks } from "./doctor/disk-checks.ts";
import type { DoctorContext, DoctorFinding } from "./doctor/finding.ts";
import { machineChecks } from "./doctor/machine-checks.ts";
import { programChecks } from "./doctor/program-checks.ts";
import { sandboxChecks } from "./doctor/sandbox-checks.ts";
import { screenText } from "./end-screen.ts";
import type { Host } from "./host.ts";

export function register(program: Command, host: Host): void {
  program
    .command("doctor")
    .description("what this machine has and lacks of what Tollgate uses, and what to do about each")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      `
Takes a few seconds and starts no server. Servers are asked by \`tollgate preflight FILE\`; how far measured times can be trusted
here is what \`tollgate selftest\` measures. Exit code 3 when something failed without which nothing can be measured.`,
    )
    .action(async (flags: { readonly json?: boolean }) => {
      const findings = await examine({
        environment: host.environment,
        workingDirectory: host.workingDirectory,
        temporaryDirectory: tmpdir(),
        wait: (ms) => sleep(ms),
      });
      const failed = findings.some(({ status }) => status === "failed");
      host.print(
        flags.json
          ? JSON.stringify({ v: 1, ok: !failed, findings }, null, 2)
          : screenText(host, doctorScreen(findings)),
      );
      host.setExitCode(failed ? exitCodes.startFailed : exitCodes.ok);
    });
}

/** One after the other: what is timed must not wait for what else is asked. */
async function examine(context: DoctorContext): Promise<readonly DoctorFinding[]> {
  const findings: DoctorFinding[] = [];
  for (const check of [...programChecks, ...sandboxChecks, ...machineChecks, ...diskChecks])
    findings.push(...(await check(context)));
  return findings;
}

const tones: Readonly<Record<DoctorFinding["status"], Tone>> = {
  ok: "good",
  absent: "soft",
  warning: "doubt",
  failed: "bad",
};
const [statusColumns, nameColumns] = [9, 13];

export function doctorScreen(findings: readonly DoctorFinding[]): readonly Part[] {
  const indent = statusColumns + nameColumns;
  const rows = findings.flatMap(({ name, status, what, change }) => [
    line(
      [
        toned(tones[status], status.padEnd(statusColumns)),
        toned("strong", name.padEnd(nameColumns)),
        plain(what),
      ],
      indent,
    ),
    ...(change === null ? [] : [line([plain(`${" ".repeat(indent)}-> ${change}`)], indent + 3)]),
  ]);
  return [...rows, blank, line([summaryOf(findings)])];
}

function summaryOf(findings: readonly DoctorFinding[]) {
  const count = (status: DoctorFinding["status"]) => findings.filter((one) => one.status === status).length;
  if (count("failed") > 0)
    return toned("bad", `${count("failed")} failed: nothing can be measured here as it is.`);
  const warnings = count("warning");
  if (warnings > 0) return toned("doubt", `Usable, with ${warnings} warning${warnings === 1 ? "" : "s"}.`);
  return toned("good", "Everything that is needed is here.");
}
