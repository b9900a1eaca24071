/** A metrics page by its form: families, types, help, and of each series the labels, with the values of those that name kinds. */
interface Page {
  readonly families: ReadonlyMap<string, { readonly type: string; readonly help: string }>;
  /** Sample name -> its label sets as text, without what only this server or this time says. */
  readonly series: ReadonlyMap<string, ReadonlySet<string>>;
  /** Sample name of buckets -> the upper bounds, in their order. */
  readonly bounds: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Bounds of a histogram are compared as one list. */
const boundLabel = "le";

/** Labels whose values are this server's, this process's or this question's. */
const passingLabels = new Set(["model_name", "pid", "served_model_name"]);

export function pageDifferences(ours: string, page: string): string[] {
  const [simulated, theirs] = [readPage(ours), readPage(page)];
  const names = [...new Set([...theirs.families.keys(), ...simulated.families.keys()])];
  const found = names.flatMap((name) => {
    const [own, other] = [simulated.families.get(name), theirs.families.get(name)];
    if (own === undefined) return [`family ${name} is absent`];
    if (other === undefined) return [`family ${name} is not in the real page`];
    return [
      ...(own.type === other.type ? [] : [`family ${name} is a ${own.type}, real ${other.type}`]),
      ...(own.help === other.help ? [] : [`family ${name} says ${own.help}, real ${other.help}`]),
    ];
  });
  const samples = [...theirs.series].flatMap(([name, labels]) => {
    const own = simulated.series.get(name);
    if (own === undefined) return [];
    return [
      ...[...labels].filter((set) => !own.has(set)).map((set) => `${name}${set} is absent`),
      ...[...own].filter((set) => !labels.has(set)).map((set) => `${name}${set} is not in the real page`),
    ];
  });
  const bounds = [...theirs.bounds].flatMap(([name, real]) => {
    const [own, other] = [[...(simulated.bounds.get(name) ?? real)].join(" "), [...real].join(" ")];
    return own === other ? [] : [`${name} has bounds ${own}, real ${other}`];
  });
  return [...found, ...samples, ...bounds];
}

function readPage(text: string): Page {
  const families = new Map<string, { type: string; help: string }>();
  const series = new Map<string, Set<string>>();
  const bounds = new Map<string, Set<string>>();
  for (const line of text.split("\n")) {
    const [, word, name = "", rest = ""] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? [];
    if (word === "HELP") families.set(name, { type: "", help: rest });
    else if (word === "TYPE") families.set(name, { type: rest, help: families.get(name)?.help ?? "" });
    if (word !== undefined || line === "" || line.startsWith("#")) continue;
    const [, sample = "", labels = ""] = /^([^{ ]+)(?:\{(.*)\})? \S+$/.exec(line) ?? [];
    const all = [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, label = "", value = ""]) => ({
      label,
      value,
    }));
    const isBucket = sample.endsWith("_bucket");
    const kept = all
      .filter(({ label }) => !isBucket || label !== boundLabel)
      .map(({ label, value }) => (passingLabels.has(label) ? label : `${label}=${value}`));
    const bound = all.find(({ label }) => label === boundLabel);
    if (isBucket && bound !== undefined)
      bounds.set(sample, (bounds.get(sample) ?? new Set()).add(bound.value));
    series.set(sample, (series.get(sample) ?? new Set()).add(`{${kept.join(",")}}`));
  }
  return { families, series, bounds };
}
