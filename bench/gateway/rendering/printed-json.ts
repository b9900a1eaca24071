import { Template } from "@huggingface/jinja";
import { isRecord } from "./normalise-messages.ts";
import { parseForTemplate, restoreLiterals } from "./python-literals.ts";

const printing = new Template("{{ value | tojson }}");

/**
 * A JSON object as a chat template prints it: white space as Python's, floats as Python's, of doubled keys the last. null
 * for a text that is no JSON object.
 */
export function printedObject(text: string): string | null {
  try {
    const value = parseForTemplate(text);
    return isRecord(value) ? restoreLiterals(printing.render({ value })) : null;
  } catch (cause) {
    if (cause instanceof SyntaxError) return null;
    throw cause;
  }
}
