import { changedStack } from "./variants.ts";

type Path = readonly string[];
type Mapping = Readonly<Record<string, unknown>>;

/** An experiment as its files wrote it, in one of its variants. */
export interface WrittenVariant {
  readonly name: string;
  readonly plain: Mapping;
  /** Where in the files something of it stands: in the variant, or where every experiment has it. */
  readonly writtenAt: (path: Path) => Path;
}

/** None where the files name none, or where what they name is none. */
export function writtenVariants(plain: unknown): readonly WrittenVariant[] {
  if (!isMapping(plain)) return [];
  return Object.entries(changesIn(plain)).flatMap(([name, change]) => {
    if (!isMapping(change) || !isMapping(plain["stack"])) return [];
    const writtenAt = ([first, second, ...rest]: Path): Path => {
      const [key] = rest;
      const own = first === "stack" && second === "agent" && key !== undefined && key in change;
      return own
        ? ["sweep", "variants", name, ...rest]
        : [first, second, ...rest].flatMap((one) => one ?? []);
    };
    return [{ name, plain: changedStack(plain, change), writtenAt }];
  });
}

/** The experiment with what `valueOf` makes of each of its variants in place of the keys that the variant has. */
export function withVariantValues(plain: unknown, valueOf: (variant: WrittenVariant) => unknown): unknown {
  const variants = writtenVariants(plain);
  if (variants.length === 0 || !isMapping(plain)) return plain;
  const [sweep, changes] = [plain["sweep"], changesIn(plain)];
  const changed = variants.map((variant) => {
    const value = valueOf(variant);
    const agent = isMapping(value) && isMapping(value["stack"]) ? value["stack"]["agent"] : undefined;
    return [variant.name, ofShape(changes[variant.name], agent)] as const;
  });
  return {
    ...plain,
    sweep: { ...(isMapping(sweep) && sweep), variants: { ...changes, ...Object.fromEntries(changed) } },
  };
}

/** Of a whole server what a variant says of it. */
function ofShape(change: unknown, whole: unknown): unknown {
  if (!isMapping(change) || !isMapping(whole)) return whole;
  return Object.fromEntries(Object.entries(change).map(([key, item]) => [key, ofShape(item, whole[key])]));
}

function changesIn(plain: Mapping): Mapping {
  const { sweep } = plain;
  return isMapping(sweep) && isMapping(sweep["variants"]) ? sweep["variants"] : {};
}

function isMapping(value: unknown): value is Mapping {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
