import { resolve } from "node:path";
import Table from "cli-table3";
import type { Command } from "commander";
import { verifyTau2 } from "../../openclaw-tau2/tau2/verify.ts";
import { exitCodes } from "../exit-codes.ts";
import { collect } from "./experiment.ts";
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
  program
    .command("tau2")
    .description("the native port of tau2")
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
      const rows = await verifyTau2(
        {
          dataDirectory: resolve(flags.data),
          goldenDirectory: resolve(flags.golden ?? `${flags.data}/../golden`),
          checkout: flags.checkout ?? host.environment["TAU2_CHECKOUT"] ?? null,
          ...(flags.domain.length > 0 && { domains: flags.domain }),
          pythonVersion: flags.python,
          pydanticVersion: flags.pydantic,
        },
        ({ domain, kind, equal, total }) => host.tell(`${domain} ${kind}: ${equal} of ${total}`),
      );
      host.print(flags.json ? JSON.stringify(rows, null, 2) : verifyTable(rows));
      const allEqual = rows.length > 0 && rows.every(({ equal, total }) => equal === total);
      host.setExitCode(allEqual ? exitCodes.ok : exitCodes.resultInvalid);
    });
}

function verifyTable(rows: Awaited<ReturnType<typeof verifyTau2>>): string {
  const table = new Table({
    head: ["domain", "kind", "equal", "total", "first differences"],
    style: { head: [], border: [] },
  });
  for (const { domain, kind, equal, total, differences } of rows) {
    table.push([domain, kind, equal, total, (differences[0] ?? "").slice(0, 60)]);
  }
  return table.toString();
}
