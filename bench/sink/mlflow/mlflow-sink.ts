import { z } from "zod";
import { messageOf } from "../../errors.ts";
import { shellLine } from "../../host/shell-words.ts";
import { announceRun } from "../../mlflow/announce.ts";
import { requiredTarget } from "../../mlflow/client/target.ts";
import type { FiguresOf } from "../../mlflow/entries/own-names.ts";
import { logRun } from "../../mlflow/log-run.ts";
import { sinkKind } from "../sink.ts";

/** A server that answers gets as long as it takes to log a large run; one that does not is given up by the connection. */
const limits = { callMs: 600_000, drainMs: 600_000 };

/**
 * `{kind: mlflow}`: a run of MLflow per run, with a child per cell. It is made when the run begins, so that it can be seen there; everything
 * else is logged when the run has ended, from the run directory, so that nothing of it happens while something is measured.
 * @param figuresOf what another program would call a run's figures
 */
export const mlflowSink = (figuresOf: FiguresOf) =>
  sinkKind({
    kind: "mlflow",
    schema: z
      .strictObject({
        kind: z
          .literal("mlflow")
          .describe(
            "A run of MLflow with a child per cell, report and tables; credentials: MLFLOW_TRACKING_…",
          ),
        uri: z
          .string()
          .optional()
          .describe(
            "Address of the tracking server (default: MLFLOW_TRACKING_URI); keys do not belong in it",
          ),
        experiment: z
          .string()
          .optional()
          .describe(
            "Name of the experiment there, created where it is missing (default: MLFLOW_EXPERIMENT_NAME, else tollgate)",
          ),
        experimentId: z
          .string()
          .optional()
          .describe("Its id in place of the name; it must be there (default: MLFLOW_EXPERIMENT_ID)"),
        traces: z.boolean().default(false).describe("Also a trace per episode (MLflow 3)"),
        tables: z
          .boolean()
          .default(true)
          .describe("Also every request and episode as Parquet among the artifacts"),
      })
      .refine(({ experiment, experimentId }) => experiment === undefined || experimentId === undefined, {
        path: ["experimentId"],
        error: "names the experiment a second time: give experiment or experimentId",
      }),
    limits,
    open: async ({ traces, tables, ...settings }, { runDirectory, environment }) => {
      const target = requiredTarget(settings, environment);
      const later = (error: unknown) => {
        const chosen = "id" in target.experiment ? "--experiment-id" : "--experiment";
        const words = ["tollgate", "mlflow", "log", runDirectory, "--uri", target.url, chosen];
        const command = shellLine([...words, ...Object.values(target.experiment)]);
        return new Error(`${messageOf(error)} Log it later: ${command}`, { cause: error });
      };
      return {
        async take(event, signal) {
          try {
            if (event.type === "run-started") await announceRun(event.run, target, { signal });
            if (event.type !== "run-ended") return;
            const warnings: string[] = [];
            const tell = (line: string) => warnings.push(line);
            await logRun(runDirectory, { target, signal, tell, traces, tables, figuresOf });
          } catch (error) {
            throw later(error);
          }
        },
        close: async () => undefined,
      };
    },
  });
