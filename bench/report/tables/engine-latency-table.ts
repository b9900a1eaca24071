import { differenceMeanings, type Beside } from "../../analysis/cell/engine-latencies.ts";
import { absent, numberText, percentText, signedText } from "./number-text.ts";
import { filled, left, right, type Table, type TableOf } from "./table.ts";

interface Row extends Beside {
  readonly cell: string;
}

const names: Readonly<Record<Beside["metric"], string>> = { ttft: "TTFT", itl: "ITL", e2e: "E2E" };

/** Two clocks on the same requests: who believes one of them can see why the other differs. */
export const engineLatency: TableOf<Row> = {
  title: "The engine's own latencies beside ours, mean ms",
  columns: [
    left("cell", ({ cell, metric }) => (metric === "ttft" ? cell : "")),
    left("", ({ metric }) => names[metric]),
    right(
      "engine",
      ({ engine }) => numberText(engine.ms),
      "sum / count of the engine's own histogram, exact",
    ),
    right("n", ({ engine }) => String(engine.count), "requests that the engine counted; for ITL tokens"),
    right(
      "inner tap",
      ({ tap }) => numberText(tap.ms),
      "the same requests at the tap in front of the engine; ITL over tokens, as engines count it",
    ),
    right("n ", ({ tap }) => String(tap.count), "requests that the tap saw with such a time; for ITL tokens"),
    right(
      "difference",
      ({ differenceMs, engine }) => differenceText(differenceMs, engine.ms),
      "inner tap minus engine",
    ),
    right(
      "from first\nbyte",
      ({ fromFirstByteMs }) => numberText(fromFirstByteMs),
      "TTFT: time to the first byte of a streamed answer. ITL: from that byte to the end, where it leaves with the first token",
    ),
    left(
      "why",
      ({ causes }) => (causes.length === 0 ? absent : causes.join(",\n")),
      `none below 5 %. ${Object.entries(differenceMeanings)
        .map(([cause, meaning]) => `${cause}: ${meaning}`)
        .join(". ")}`,
    ),
  ],
};

function differenceText(differenceMs: number | null, engineMs: number | null): string {
  if (differenceMs === null || engineMs === null || engineMs === 0) return absent;
  return `${signedText(differenceMs)} (${signedText(differenceMs / engineMs, percentText)})`;
}

/** What the table needs of a cell of a sweep, or of an arm in a setting of a replay. */
interface Measured {
  readonly cellId: string;
  readonly engineLatencies?: readonly Beside[] | undefined;
}

/** One table, or none where no engine has such histograms. */
export function engineLatencyTables(cells: readonly Measured[]): readonly Table[] {
  const rows = cells.flatMap(({ cellId, engineLatencies = [] }) =>
    engineLatencies.map((beside) => ({ ...beside, cell: cellId })),
  );
  if (rows.length === 0) return [];
  const causes = new Set(rows.flatMap((row) => row.causes));
  return [
    filled(
      engineLatency,
      rows,
      [...causes].map((cause) => `${cause}: ${differenceMeanings[cause]}`),
    ),
  ];
}
