/** `closed:4` is 4 in flight; `open:2` is 2 that begin per second. */
export function loadName(load: string): string {
  const [kind, value = load] = load.split(":");
  return kind === "open" ? `${value}/s` : value;
}

export function loadHead(loads: readonly string[]): string {
  return loads.some((load) => load.startsWith("open:")) ? "load" : "in flight";
}

/** At most `most` loads of a sweep, its first and its last ones; a screen has no room for more. */
export function shownLoads(loads: readonly string[], most: number): readonly string[] {
  if (loads.length <= most) return loads;
  const first = Math.ceil(most / 2);
  return [...loads.slice(0, first), ...loads.slice(loads.length - (most - first))];
}
