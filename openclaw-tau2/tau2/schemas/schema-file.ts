import { readFileSync } from "node:fs";
import { z } from "zod";
import { ConfigError, messageOf } from "../../../bench/errors.ts";
import type { ToolType } from "../contract/domain.ts";

/** One tool as tau2 offers it to a model. */
export interface ToolSchema {
  readonly name: string;
  readonly type: ToolType;
  readonly mutatesState: boolean;
  /** JSON text of the OpenAI tool object; key order is tau2's. */
  readonly openaiJson: string;
}

export interface DomainSchemas {
  readonly agent: readonly ToolSchema[];
  readonly user: readonly ToolSchema[];
}

const toolSchema = z.object({
  name: z.string(),
  type: z.enum(["read", "write", "think", "generic"]),
  mutates_state: z.boolean(),
  openai_schema: z.unknown(),
});

const fileSchema = z.object({ agent: z.array(toolSchema), user: z.array(toolSchema) });

/** Reads a `schemas_<domain>.json`. Throws ConfigError with the path when it cannot be used. */
export function readSchemaFile(path: string): DomainSchemas {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    const message = `Cannot read the tool schemas ${path}: ${messageOf(error)}. Fetch or write the file again.`;
    throw new ConfigError(message, { cause: error });
  }
  const parsed = fileSchema.safeParse(content);
  if (!parsed.success) {
    throw new ConfigError(`${path} is no schemas file: ${z.prettifyError(parsed.error)}`, {
      cause: parsed.error,
    });
  }
  return schemasOfFile(parsed.data);
}

interface SchemasFile {
  readonly agent: readonly z.infer<typeof toolSchema>[];
  readonly user: readonly z.infer<typeof toolSchema>[];
}

/** The schemas of a file's content, or of what the checkout reader gives in the same form. */
export function schemasOfFile(file: SchemasFile): DomainSchemas {
  const convert = (tools: SchemasFile["agent"]): ToolSchema[] =>
    tools.map((tool) => ({
      name: tool.name,
      type: tool.type,
      mutatesState: tool.mutates_state,
      openaiJson: JSON.stringify(tool.openai_schema),
    }));
  return { agent: convert(file.agent), user: convert(file.user) };
}
