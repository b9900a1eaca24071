/** A model can write escape sequences; a terminal must not carry them out. */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}--[\n\t]]/gv,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
