/** Colours, which only change how the text behind them looks. */
const colour = new RegExp(String.raw`\x1b\[[\d;]*m`, "v");
/** What makes a terminal do something, and what makes it show text in another order than it has. */
const acting = /[[\p{Cc}\u202a-\u202e\u2066-\u2069]--[\n\t]]/v;
const either = new RegExp(`${colour.source}|\r\n|${acting.source}`, "gv");

/**
 * A text as it may go to a terminal: what servers, models and tasks say stands in many lines of ours, and must not move the cursor, rename
 * the window or end up in the clipboard.
 */
export function terminalText(text: string): string {
  return text.replace(either, (found) => {
    if (found === "\r\n" || colour.test(found)) return found;
    return `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
