import { join, resolve } from "node:path";
import Table from "cli-table3";
import type { Command } from "commander";
import { regradeRun, type Regrade } from "../../openclaw-tau2/offline/regrade.ts";
import { exportTau2Results } from "../../openclaw-tau2/offline/results.ts";
import { verifyTau2 } from "../../openclaw-tau2/tau2/verify/verify.ts";
import { ConfigError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { makeFolder } from "../store/make-folder.ts";
import { collect } from "./experiment.ts";
import { findMeasured, runsOption, type RunsFlag } from "./find-run.ts";
import type { Host } from "./host.ts";

interface VerifyFlags {
  readonly data: string;
  readonly golden?: string;
  readonly checkout?: string;
  readonly domain: readonly string[];
  readonly python: string;
  readonly pydantic: string;
  readonly json?: boolean;
}

export function register(program: Command, host: Host): void {
  const tau2 = program.command("tau2").description("the native port of tau2, and runs in tau2's terms");

  tau2
    .command("regrade <run>")
    .description(
      "evaluate a run's stored trajectories again, offline; exit code 1 unless every reward is equal",
    )
    .addOption(runsOption())
    .option("--json", "print JSON")
    .action(async (run: string, flags: RunsFlag & { readonly json?: boolean }) => {
      const regrade = await regradeRun(await findMeasured(host, run, flags), host.environment);
      host.print(flags.json ? JSON.stringify(regrade, null, 2) : regradeText(regrade));
      const allEqual = regrade.episodes > 0 && regrade.equal === regrade.episodes;
      host.setExitCode(allEqual ? exitCodes.ok : exitCodes.resultInvalid);
    });

  tau2
    .command("results <run>")
    .description(
      "write a run as tau2's own results.json, one per arm and load, for `tau2 view` and `evaluate-trajs`",
    )
    .requiredOption("-o, --out <folder>", "where the files go")
    .addOption(runsOption())
    .action(async (run: string, flags: RunsFlag & { readonly out: string }) => {
      const folder = resolve(host.workingDirectory, flags.out);
      const directory = await findMeasured(host, run, flags);
      await makeFolder(folder);
      const names = await exportTau2Results(directory, folder, host.environment);
      for (const name of names) host.print(join(folder, name));
    });

  tau2
    .command("verify")
    .description(
      "compare the port with what the Python original answered; exit code 1 unless every row is equal",
    )
    .requiredOption("--data <folder>", "folder that holds tau2/")
    .option("--golden <folder>", "golden files (default: DATA/../golden)")
    .option("--checkout <folder>", "tau2-bench checkout, for schemas read from its Python sources")
    .option("--domain <name>", "only this domain; may be repeated", collect, [])
    .option("--python <version>", "Python whose error texts the golden files hold", "3.11")
    .option("--pydantic <version>", "pydantic whose error texts the golden files hold", "2.13")
    .option("--json", "print JSON")
    .action(async (flags: VerifyFlags) => {
      const goldenDirectory = resolve(flags.golden ?? `${flags.data}/../golden`);
      const rows = await verifyTau2(
        {
          dataDirectory: resolve(flags.data),
          goldenDirectory,
          checkout: flags.checkout ?? host.environment["TAU2_CHECKOUT"] ?? null,
          ...(flags.domain.length > 0 && { domains: flags.domain }),
          pythonVersion: flags.python,
          pydanticVersion: flags.pydantic,
        },
        ({ domain, kind, equal, total }) => host.tell(`${domain} ${kind}: ${equal} of ${total}`),
      );
      if (rows.length === 0) {
        throw new ConfigError(
          `Nothing was compared: ${goldenDirectory} holds no golden files for these domains. Give their folder with --golden.`,
        );
      }
      host.print(flags.json ? JSON.stringify(rows, null, 2) : verifyTable(rows));
      const allEqual = rows.every(({ equal, total }) => equal === total);
      host.setExitCode(allEqual ? exitCodes.ok : exitCodes.resultInvalid);
    });
}

function regradeText({ episodes, equal, differences }: Regrade): string {
  const lines = differences.map(
    ({ episodeId, taskId, recorded, offline }) =>
      `${episodeId} task ${taskId}: recorded ${recorded}, offline ${offline}`,
  );
  return [
    `${equal} of ${episodes} rewards equal the offline evaluation of the stored trajectory`,
    ...lines,
  ].join("\n");
}

function verifyTable(rows: Awaited<ReturnType<typeof verifyTau2>>): string {
  const table = new Table({
    head: ["domain", "kind", "equal", "total", "first differences"],
    style: { head: [], border: [], compact: true },
  });
  for (const { domain, kind, equal, total, differences } of rows) {
    table.push([domain, kind, equal, total, (differences[0] ?? "").slice(0, 60)]);
  }
  return table.toString();
}
