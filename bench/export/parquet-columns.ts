import type { ColumnSource, ParquetWriter } from "hyparquet-writer";

/** A row of `trajectories.parquet`. List columns have one entry per token. */
export interface ParquetRow {
  readonly episode_id: string;
  readonly group_id: string;
  readonly sequence: number;
  readonly arm: string;
  readonly domain: string;
  readonly task_id: string;
  readonly trial: number;
  readonly agent: string;
  readonly simulated: boolean;
  readonly status: string;
  readonly termination: string | null;
  readonly reward: number | null;
  readonly return: number | null;
  readonly level: string | null;
  readonly input_ids: readonly number[] | null;
  readonly loss_mask: readonly number[] | null;
  readonly logprobs: readonly number[] | null;
  readonly weight_version_min: number | null;
  readonly weight_version_max: number | null;
  readonly system: string | null;
  readonly tools: string | null;
  readonly messages: string | null;
}

type Kind = "text" | "int" | "double" | "boolean" | "ints" | "floats";

const kinds: Readonly<Record<keyof ParquetRow, Kind>> = {
  episode_id: "text",
  group_id: "text",
  sequence: "int",
  arm: "text",
  domain: "text",
  task_id: "text",
  trial: "int",
  agent: "text",
  simulated: "boolean",
  status: "text",
  termination: "text",
  reward: "double",
  return: "double",
  level: "text",
  input_ids: "ints",
  loss_mask: "ints",
  logprobs: "floats",
  weight_version_min: "int",
  weight_version_max: "int",
  system: "text",
  tools: "text",
  messages: "text",
};
const names = Object.keys(kinds) as (keyof ParquetRow)[];

type SchemaElement = ConstructorParameters<typeof ParquetWriter>[0]["schema"][number];

/** Lists in the three-level form that DuckDB, Arrow and Spark read as lists. */
export const parquetSchema: SchemaElement[] = [
  { name: "root", num_children: names.length },
  ...names.flatMap((name) => elementsOf(name, kinds[name])),
];

function elementsOf(name: string, kind: Kind): SchemaElement[] {
  if (kind === "ints" || kind === "floats") {
    return [
      { name, converted_type: "LIST", repetition_type: "OPTIONAL", num_children: 1 },
      { name: "list", repetition_type: "REPEATED", num_children: 1 },
      { name: "element", type: kind === "ints" ? "INT32" : "FLOAT", repetition_type: "OPTIONAL" },
    ];
  }
  const repetition_type = "OPTIONAL";
  if (kind === "text") return [{ name, type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type }];
  const type = { int: "INT32", double: "DOUBLE", boolean: "BOOLEAN" } as const;
  return [{ name, type: type[kind], repetition_type }];
}

export function columns(rows: readonly ParquetRow[]): ColumnSource[] {
  return names.map((name) => {
    const data = rows.map((row) => row[name]);
    if (kinds[name] !== "ints" && kinds[name] !== "floats") return { name, data };
    // Smallest and largest token of a row group help nobody to skip it, and a dictionary of logprobs saves nothing.
    return {
      name,
      data,
      statistics: false,
      encoding: kinds[name] === "ints" ? "DELTA_BINARY_PACKED" : "PLAIN",
    };
  });
}
