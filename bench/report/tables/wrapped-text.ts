/** Breaks a sentence into lines that leave room for the other columns; a word that is too long stays whole. */
export function wrappedText(text: string, columns = 66): string {
  return text
    .split("\n")
    .map((line) => line.replaceAll(new RegExp(`(.{1,${columns}})(\\s+|$)`, "g"), "$1\n").trimEnd())
    .join("\n");
}
