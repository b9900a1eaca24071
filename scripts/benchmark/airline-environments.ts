import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";
import { repeatedReading, type Measurement } from "./measurement.ts";
import { tau2Data } from "./tau2-data.ts";

const program = fileURLToPath(new URL("./airline-environments-program.ts", import.meta.url));
const answerSchema = z.object({
  loadSeconds: z.number(),
  createSeconds: z.number(),
  residentMegabytes: z.number(),
  environmentMegabytes: z.number(),
});

/**
 * 64 fresh airline environments, each written to once so that sharing the database cannot hide what a copy costs. In a
 * process of its own each time, because memory that was used once is not given back.
 */
export const airlineEnvironments: Measurement = {
  name: "environments",
  measure: async (bench) => {
    const data = tau2Data(bench);
    if ("skipped" in data) return data;
    const answers = [];
    for (let run = 0; run < (bench.quick ? 1 : 5); run += 1) {
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ["--expose-gc", program, JSON.stringify(data.domain("airline"))],
        { env: bench.environment },
      );
      answers.push(answerSchema.parse(JSON.parse(stdout)));
    }
    return [
      repeatedReading(
        { what: "64 airline environments, one write in each", unit: "s", target: 0.2 },
        answers.map(({ createSeconds }) => createSeconds),
      ),
      repeatedReading(
        { what: "64 airline environments with reading the data", unit: "s", target: 0.5 },
        answers.map(({ createSeconds, loadSeconds }) => loadSeconds + createSeconds),
      ),
      repeatedReading(
        { what: "64 airline environments: memory they keep", unit: "MB", target: 100 },
        answers.map(({ environmentMegabytes }) => environmentMegabytes),
      ),
      repeatedReading(
        { what: "64 airline environments with the data: memory", unit: "MB", target: 150 },
        answers.map(({ residentMegabytes }) => residentMegabytes),
      ),
    ];
  },
};
