import { ConfigError } from "../../../bench/errors.ts";
import type { ToolSchema } from "../schemas/schema-file.ts";
import type { AnyToolkitDefinition, Method, Toolkit } from "../contract/toolkit.ts";

export interface Tool {
  readonly method: Method<Toolkit>;
  readonly type: ToolSchema["type"];
  readonly mutatesState: boolean;
}

/** The tools of one side by name, in the order in which tau2 offers them. */
export type ToolTable = ReadonlyMap<string, Tool>;

/** Joins schemas with the port's functions. Throws ConfigError for a tool that the port does not have. */
export function toolTable(
  definition: AnyToolkitDefinition,
  schemas: readonly ToolSchema[],
  source: string,
): ToolTable {
  const table = new Map<string, Tool>();
  for (const { name, type, mutatesState } of schemas) {
    const method = Object.hasOwn(definition.methods, name) ? definition.methods[name] : undefined;
    if (method === undefined) {
      throw new ConfigError(
        `${source} lists the tool ${name}, which the port of ${definition.className} does not have. ` +
          "Use the tau2-bench version that this release supports (see README), or its schemas.",
      );
    }
    table.set(name, { method, type, mutatesState });
  }
  return table;
}
