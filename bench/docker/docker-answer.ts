import { z } from "zod";
import { StartError } from "../errors.ts";

/** Name of a field here, and where it is in Docker's answer with what it must be. */
type Fields = Readonly<Record<string, readonly [path: string, type: z.ZodType]>>;

type Read<Asked extends Fields> = { readonly [Name in keyof Asked]: z.infer<Asked[Name][1]> };

/** The value for `--format` that makes `docker` print these fields as one line of JSON, and the reader of such a line. */
export function answerOf<Asked extends Fields>(asked: Asked) {
  const fields = Object.entries(asked);
  const schema = z.object(Object.fromEntries(fields.map(([name, [, type]]) => [name, type])));
  return {
    format: `{${fields.map(([name, [path]]) => `"${name}":{{json ${path}}}`).join(",")}}`,
    read: (line: string): Read<Asked> => {
      const found = schema.safeParse(JSON.parse(line));
      // The schema was made of the same fields one by one, which its type no longer says.
      if (found.success) return found.data as Read<Asked>;
      throw new StartError(
        "docker",
        `Docker answered in an unknown form: ${z.prettifyError(found.error)}. Is it a very old or a very new one (\`docker version\`)?`,
        { cause: found.error },
      );
    },
  };
}

/** Go prints null for an empty list. */
export const words = z
  .array(z.string())
  .nullish()
  .transform((list): readonly string[] => list ?? []);
export const labels = z
  .record(z.string(), z.string())
  .nullish()
  .transform((found): Readonly<Record<string, string>> => found ?? {});
