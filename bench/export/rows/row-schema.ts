import { z } from "zod";
import type { ColumnType, RowColumn } from "./row-column.ts";

const shapes: Readonly<Record<ColumnType, () => z.ZodType>> = {
  text: () => z.string(),
  int: () => z.int(),
  double: () => z.number(),
  boolean: () => z.boolean(),
  time: () => z.string().meta({ format: "date-time" }),
};

/** A row as a JSON object: the names and values of the CSV file, with their types. */
export function rowSchema<Row>(columns: readonly RowColumn<Row>[]): z.ZodObject {
  return z.strictObject(
    Object.fromEntries(
      columns.map(({ name, type, unit, meaning }) => [
        name,
        shapes[type]()
          .nullable()
          .describe(unit === null ? meaning : `${meaning} [${unit}]`),
      ]),
    ),
  );
}
