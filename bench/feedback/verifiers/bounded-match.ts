import { Script, createContext } from "node:vm";

const script = new Script("new RegExp(pattern, flags).test(text)");
/** One for all: a schema may hold its pattern against thousands of texts of an answer, and a context takes a millisecond to make. */
const globals = { pattern: "", flags: "", text: "" };
const context = createContext(globals);

/** A pattern may take longer on a text than anybody can wait, e.g. `(a+)+$` on a row of `a`. */
export const matchMsMax = 1_000;

/** Whether a pattern is found in a text; null: it took too long. Both are texts to the script that looks, and nothing else is. */
export function matchWithin({ source, flags }: RegExp, text: string): boolean | null {
  Object.assign(globals, { pattern: source, flags, text });
  try {
    return script.runInContext(context, { timeout: matchMsMax }) === true;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return null;
    throw thrown;
  } finally {
    globals.text = "";
  }
}
