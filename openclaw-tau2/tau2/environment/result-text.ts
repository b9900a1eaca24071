import { dumpJson, jsonString } from "../python/json-dump.ts";
import { pyStr } from "../python/repr.ts";
import { Model, PyDate, PyFloat } from "../python/value.ts";
import type { PyValue } from "../python/value.ts";

/** Texts of shared models, which never change. */
const sharedTexts = new WeakMap<Model, string>();

/**
 * tau2's `to_json_str`: a text is returned as it is; numbers inside models stay numbers, while bare ints, floats and
 * bools (also inside plain dicts and lists) become texts.
 */
export function resultText(result: PyValue): string {
  return typeof result === "string" ? result : write(result);
}

function write(value: PyValue): string {
  if (value instanceof Model) return modelText(value);
  if (typeof value === "string") return jsonString(value);
  if (value === null) return "null";
  if (typeof value !== "object" || value instanceof PyFloat) return jsonString(pyStr(value));
  if (Array.isArray(value)) return `[${value.map(write).join(", ")}]`;
  if (value instanceof Map) {
    return `{${Array.from(value, ([key, item]) => `${jsonString(key)}: ${write(item)}`).join(", ")}}`;
  }
  return jsonString(value instanceof PyDate ? value.iso : value.value);
}

function modelText(model: Model): string {
  if (!model.shared) return dumpJson(model);
  const known = sharedTexts.get(model);
  if (known !== undefined) return known;
  const text = dumpJson(model);
  sharedTexts.set(model, text);
  return text;
}
