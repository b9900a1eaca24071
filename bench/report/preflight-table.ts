import type { PreflightRecord } from "../store/preflight-record.ts";
import { absent } from "./number-text.ts";
import { left, type Table } from "./table.ts";

/** Every finding of a preflight, worst first within its check as it was found. */
export function preflightTable({ checks, seconds }: PreflightRecord): Table {
  return {
    title: `Preflight, ${seconds.toFixed(1)} s`,
    columns: [left("check"), left("result"), left("on"), left("what, and what to change")],
    rows: checks.flatMap(({ name, proves, skipped, findings }) =>
      skipped
        ? [[name, "skipped", absent, lines(`nothing shows that ${proves}`)]]
        : findings.map(({ status, on, what, change }) => [
            name,
            status,
            lines(on, 24),
            lines(change === null ? what : `${what}\n-> ${change}`),
          ]),
    ),
    notes: [],
  };
}

/** Breaks a sentence into lines that leave room for the other columns; a word that is too long stays whole. */
function lines(text: string, columns = 66): string {
  return text
    .split("\n")
    .map((line) => line.replaceAll(new RegExp(`(.{1,${columns}})(\\s+|$)`, "g"), "$1\n").trimEnd())
    .join("\n");
}
