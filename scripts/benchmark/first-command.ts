import { join } from "node:path";
import { runDriver } from "./driver-process.ts";
import { repeatedReading, type Measurement } from "./measurement.ts";

/** What `npm start` runs, with real OpenClaw gateways: the wall time until the tables are printed. */
export const firstCommand: Measurement = {
  name: "start",
  long: true,
  measure: async (bench) => {
    const { seconds } = await runDriver(bench, [
      join(bench.root, "experiments", "laptop.yaml"),
      "--out",
      join(bench.scratch, "runs"),
    ]);
    return [repeatedReading({ what: "npm start, with OpenClaw", unit: "s", target: 180 }, [seconds])];
  },
};
