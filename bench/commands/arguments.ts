import { InvalidArgumentError, Option } from "commander";

/** Parsers of flags. What cannot be meant is refused before anything begins, with exit code 2. */
export function natural(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("Give a whole number.");
  return Number(text);
}

export function positive(text: string): number {
  const value = natural(text);
  if (value === 0) throw new InvalidArgumentError("Give a whole number above 0.");
  return value;
}

export function number(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new InvalidArgumentError("Give a number.");
  return value;
}

/** Of time: `2`, `2s`, `500ms`, `1.5m`, `1h`. 0 would never end, or never wait. */
export function seconds(text: string): number {
  const [, digits = text, unit = "s"] = /^([\d.]+)(ms|s|m|h)$/.exec(text.trim()) ?? [];
  const value = Number(digits) * (secondsIn[unit] ?? Number.NaN);
  if (digits.trim() !== "" && Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError("Give a time above 0: seconds as a number, or 500ms, 2s, 5m, 1h.");
}

const secondsIn: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600 };

export function port(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw new InvalidArgumentError("Give a port, 1 to 65535, or 0 for a free one.");
  return Number(text);
}

export function metricsPortOption(): Option {
  return new Option("--metrics-port <port>", "port of the driver's own Prometheus page (default: a free one)")
    .argParser(port)
    .default(0, "a free one");
}
