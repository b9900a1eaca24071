import { ConfigError } from "../errors.ts";
import { exponential, gamma, type Rng } from "../statistics/rng.ts";

/** How the sessions of an open loop arrive. `shape` 1 is Poisson, above it more even, below it in bursts. */
export type Arrivals =
  | { readonly kind: "constant" }
  | { readonly kind: "poisson" }
  | { readonly kind: "gamma"; readonly shape: number };

/**
 * Offsets of `count` arrivals from the start, nanoseconds, ascending, at `perSecond` on average. Computed before
 * anything is sent, from one generator: workers that share a seed would arrive together. The first arrival is at 0 for
 * `constant` and after one gap otherwise. Constant offsets are multiples, not sums, so that they do not drift.
 */
export function arrivalOffsetsNs(
  arrivals: Arrivals,
  options: { readonly perSecond: number; readonly count: number; readonly rng: Rng },
): readonly number[] {
  const { perSecond, count, rng } = options;
  if (!(perSecond > 0)) throw new RangeError(`arrivals need a positive rate, got ${perSecond}`);
  const gapNs = 1e9 / perSecond;
  if (arrivals.kind === "constant") return Array.from({ length: count }, (_, at) => at * gapNs);
  const draw = () =>
    arrivals.kind === "poisson"
      ? exponential(rng, gapNs)
      : gamma(rng, { shape: arrivals.shape, mean: gapNs });
  let atNs = 0;
  return Array.from({ length: count }, () => (atNs += draw()));
}

/** `closed:8` is eight users; `open:2.5` is 2.5 sessions a second, Poisson unless `open:2.5:constant` or `:gamma:0.5`. */
export type LoadSpec =
  | { readonly kind: "closed"; readonly users: number }
  | { readonly kind: "open"; readonly perSecond: number; readonly arrivals: Arrivals };

/** Reads `--load`. Throws ConfigError with what may be written. */
export function parseLoad(text: string): LoadSpec {
  const [kind, amount = "", form, shape, ...rest] = text.split(":");
  const number = amount === "" ? Number.NaN : Number(amount);
  if (rest.length === 0 && number > 0 && Number.isFinite(number)) {
    if (kind === "closed" && Number.isInteger(number) && form === undefined) {
      return { kind: "closed", users: number };
    }
    const arrivals = arrivalsOf(form, shape);
    if (kind === "open" && arrivals !== null) return { kind: "open", perSecond: number, arrivals };
  }
  throw new ConfigError(
    `--load ${text} cannot be read. Write closed:C (C conversations at a time) or open:R (R conversations a second), R followed by :poisson, :constant or :gamma:SHAPE if you like.`,
  );
}

function arrivalsOf(form: string | undefined, shape: string | undefined): Arrivals | null {
  if (form === "gamma") {
    const value = Number(shape ?? Number.NaN);
    return value > 0 && Number.isFinite(value) ? { kind: "gamma", shape: value } : null;
  }
  if (shape !== undefined) return null;
  if (form === undefined || form === "poisson") return { kind: "poisson" };
  return form === "constant" ? { kind: "constant" } : null;
}

/** The text that `parseLoad` reads back. */
export function loadText(load: LoadSpec): string {
  if (load.kind === "closed") return `closed:${load.users}`;
  const { arrivals } = load;
  return `open:${load.perSecond}:${arrivals.kind === "gamma" ? `gamma:${arrivals.shape}` : arrivals.kind}`;
}
