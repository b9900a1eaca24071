import { Option, type Command } from "commander";
import { z } from "zod";
import { experimentJsonSchema } from "../config/experiment-json-schema.ts";
import type { Host } from "./host.ts";

/** What a file or a line of one looks like, by the name that a user asks for. */
interface PublishedSchema {
  readonly about: string;
  /** `stored`: what a reader finds; a newer Tollgate may add keys. `row`: every column, and no other. */
  readonly kind: "stored" | "row";
  readonly schema: () => Promise<z.ZodType>;
}

const storedSchemas: Readonly<Record<string, PublishedSchema>> = {
  report: {
    about: "report/report.json of a sweep or a collection, and of a replay (kind: replay)",
    kind: "stored",
    schema: async () => {
      const { reportModelSchema } = await import("../report/model/report-model.ts");
      const { storedReplaySchema } = await import("../report/model/stored-replay-schema.ts");
      return z.union([storedReplaySchema, reportModelSchema]);
    },
  },
  run: {
    about: "run.json",
    kind: "stored",
    schema: async () => (await import("../store/run-json.ts")).runJsonSchema,
  },
  records: {
    about: "a line of records.jsonl",
    kind: "stored",
    schema: async () => {
      const { cellSummarySchema } = await import("../analysis/cell/cell-summary.ts");
      const { cellSchema, recordSchema } = await import("../store/record.ts");
      const others = recordSchema.options.filter((option) => option !== cellSchema);
      return z.union([...others, cellSchema.extend({ summary: cellSummarySchema })]);
    },
  },
  trajectories: {
    about: "a line of trajectories.jsonl in the run directory",
    kind: "stored",
    schema: async () => (await import("../store/record.ts")).trajectorySchema,
  },
  export: {
    about: "a line of trajectories.jsonl of `tollgate export --format jsonl`",
    kind: "stored",
    schema: async () => (await import("../export/jsonl.ts")).exportedTrajectorySchema,
  },
  requests: {
    about: "a row of `tollgate export --format requests`: a model call",
    kind: "row",
    schema: async () => {
      const { rowSchema } = await import("../export/rows/row-schema.ts");
      return rowSchema((await import("../export/rows/request-columns.ts")).requestColumns);
    },
  },
  episodes: {
    about: "a row of the table of episodes beside it",
    kind: "row",
    schema: async () => {
      const { rowSchema } = await import("../export/rows/row-schema.ts");
      return rowSchema((await import("../export/rows/episode-columns.ts")).episodeColumns);
    },
  },
  manifest: {
    about: "manifest.json of an export",
    kind: "stored",
    schema: async () => {
      const { manifestSchema } = await import("../export/manifest.ts");
      return z.union([(await import("../export/rows/rows-manifest.ts")).rowsManifestSchema, manifestSchema]);
    },
  },
};

const experimentName = "experiment";
export const schemaNames: readonly string[] = [experimentName, ...Object.keys(storedSchemas)];

export function register(program: Command, host: Host): void {
  const lines = [
    [experimentName, "experiment files (the default)"],
    ...Object.entries(storedSchemas).map(([name, { about }]) => [name, about]),
  ].map(([name = "", about = ""]) => `  ${name.padEnd(13)} ${about}`);
  program
    .command("schema")
    .description(
      "print the JSON Schema of experiment files, for editors, or of what Tollgate writes, for programs",
    )
    .addOption(new Option("--of <name>", "of what").choices(schemaNames).default(experimentName))
    .addHelpText("after", `\n${lines.join("\n")}`)
    .action(async ({ of }: { readonly of: string }) => {
      host.print(JSON.stringify(await jsonSchemaOf(of), null, 2));
    });
}

/** JSON Schema, draft 2020-12. Throws when the name is none of `schemaNames`. */
export async function jsonSchemaOf(name: string): Promise<object> {
  if (name === experimentName) return experimentJsonSchema((await import("./parts.ts")).sections);
  const published = storedSchemas[name];
  if (published === undefined) throw new Error(`there is no schema of ${name}`);
  const schema = await published.schema();
  const text = z.toJSONSchema(schema, { io: published.kind === "row" ? "output" : "input" });
  return { title: `Tollgate: ${published.about}`, ...text };
}
