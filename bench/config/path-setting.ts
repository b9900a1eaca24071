import { isAbsolute, resolve } from "node:path";
import { z } from "zod";

/**
 * - `path`: a file or a folder.
 * - `program`: a program; without a slash it is looked for in `PATH`.
 * - `command`: a list whose first word is a program.
 * - `path-or-id`: a path where it begins with a dot or a slash, else a name in a registry such as Hugging Face's.
 */
type PathKind = "path" | "program" | "command" | "path-or-id";

/** In an arm with an `image` paths are the container's own. */
interface Mark {
  readonly path: PathKind;
  readonly unlessImage?: true;
}

const marks = z.registry<Mark>();

/** Marks a setting that names something on this machine: relative ones are relative to the experiment file. */
export function pathSetting(path: Exclude<PathKind, "command"> = "path"): z.ZodString {
  return z.string().register(marks, { path });
}

/** A `pathSetting` of an arm whose programs may run in a container. */
export function armPathSetting(path: Exclude<PathKind, "command"> = "path"): z.ZodString {
  return z.string().register(marks, { path, unlessImage: true });
}

/** Program and arguments of something that runs on this machine. */
export function commandSetting(): z.ZodArray<z.ZodString> {
  return z.array(z.string()).min(1).register(marks, { path: "command" });
}

/** Program and arguments of an arm. */
export function armCommandSetting(): z.ZodArray<z.ZodString> {
  return z.array(z.string()).min(1).register(marks, { path: "command", unlessImage: true });
}

type JsonSchema = z.core.JSONSchema.BaseSchema & Partial<Mark>;

/** The folder that a relative path begins at, by where it stands in the experiment. */
export type FolderAt = (path: readonly string[]) => string;

/** Every marked setting of a value made absolute; what does not fit the schema stays as it is. */
export function resolvePaths(value: unknown, schema: z.ZodType, folderAt: FolderAt): unknown {
  const root = z.toJSONSchema(schema, { io: "input", metadata: marks }) as JsonSchema;
  return resolved(value, [root], { at: [], folderAt, image: false });
}

interface Context {
  /** Where the value stands. */
  readonly at: readonly string[];
  readonly folderAt: FolderAt;
  /** The mapping around the value names an image. */
  readonly image: boolean;
}

function resolved(value: unknown, schemas: readonly JsonSchema[], context: Context): unknown {
  const branches = schemas.flatMap((schema) => alternatives(schema));
  const mark = branches.find(({ path }) => path !== undefined);
  const kind = mark?.unlessImage === true && context.image ? undefined : mark?.path;
  const folder = () => context.folderAt(context.at);
  const below = (key: string): Context => ({ ...context, at: [...context.at, key] });
  if (typeof value === "string") return kind === undefined ? value : absolute(value, kind, folder());
  if (Array.isArray(value)) {
    const items = branches.flatMap(({ items }) => (isSchema(items) ? [items] : []));
    return value.map((item: unknown, index) =>
      kind === "command" && index === 0 && typeof item === "string"
        ? absolute(item, "program", folder())
        : resolved(item, items, below(String(index))),
    );
  }
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value);
  const image = entries.some(([key, item]) => key === "image" && typeof item === "string");
  const fitting = branches.filter((branch) => fits(branch, new Map(entries)));
  return Object.fromEntries(
    entries.map(([key, item]) => {
      const schemasBelow = fitting.map(({ properties }) => properties?.[key]).filter(isSchema);
      return [key, resolved(item, schemasBelow, { ...below(key), image })];
    }),
  );
}

/** The branches of a union, however deep. */
export function alternatives<Schema extends z.core.JSONSchema.BaseSchema>(schema: Schema): readonly Schema[] {
  const branches = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])] as Schema[];
  return branches.length > 0 ? branches.flatMap((branch) => alternatives(branch)) : [schema];
}

/** Is a mapping meant by this branch? `kind` and `mode` say so. */
function fits({ properties }: JsonSchema, entries: ReadonlyMap<string, unknown>): boolean {
  return Object.entries(properties ?? {}).every(
    ([key, property]) =>
      !isSchema(property) ||
      property.const === undefined ||
      (entries.get(key) ?? property.const) === property.const,
  );
}

function isSchema(schema: unknown): schema is JsonSchema {
  return schema !== null && typeof schema === "object" && !Array.isArray(schema);
}

function absolute(text: string, kind: PathKind, folder: string): string {
  // `~` and placeholders are replaced by those who use the path.
  if (text === "" || isAbsolute(text) || /^[~{]/.test(text)) return text;
  if (kind === "program" && !text.includes("/")) return text;
  if (kind === "path-or-id" && !text.startsWith(".")) return text;
  return resolve(folder, text);
}
