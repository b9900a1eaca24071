import type { RunJson } from "../../store/run-json.ts";
import { cutText, metricKey, paramCharactersMax } from "./text-limits.ts";

/** As many as a page can show; the whole experiment is in the artifact run.json. */
const settingsMax = 300;

/** The settings of an experiment by their paths (`config.workload.trials`); lists of plain values stay lists. Pure. */
export function settingParams(resolved: RunJson["resolved"]): Readonly<Record<string, string>> {
  const found: [string, string][] = [];
  const walk = (value: unknown, path: readonly string[]): void => {
    if (found.length >= settingsMax || value === null || value === undefined) return;
    if (typeof value === "object" && !isPlainList(value)) {
      for (const [name, inner] of Object.entries(value)) walk(inner, [...path, name]);
      return;
    }
    const text = typeof value === "string" ? value : JSON.stringify(value);
    if (text !== "") found.push([metricKey(path.join(".")), cutText(text, paramCharactersMax)]);
  };
  walk(resolved, ["config"]);
  return Object.fromEntries(found);
}

function isPlainList(value: object): boolean {
  return Array.isArray(value) && value.every((item) => item === null || typeof item !== "object");
}

/** Params with what is known of them; what is not has none. Texts that are too long are cut, with a mark. */
export function knownParams(
  values: Readonly<Record<string, string | number | boolean | null | undefined>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) =>
      value === null || value === undefined || value === ""
        ? []
        : [[key, cutText(String(value), paramCharactersMax)]],
    ),
  );
}
