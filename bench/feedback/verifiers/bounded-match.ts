import { Script, createContext } from "node:vm";

const script = new Script("new RegExp(pattern, flags).test(text)");

/** A pattern may take longer on a text than anybody can wait, e.g. `(a+)+$` on a row of `a`. */
export const matchMsMax = 1_000;

/** Whether a pattern is found in a text; null: it took too long. Both are texts to the script that looks, and nothing else is. */
export function matchWithin({ source, flags }: RegExp, text: string): boolean | null {
  try {
    return (
      script.runInContext(createContext({ pattern: source, flags, text }), { timeout: matchMsMax }) === true
    );
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return null;
    throw thrown;
  }
}
