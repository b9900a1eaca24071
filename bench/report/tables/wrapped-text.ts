/** Breaks a sentence into lines that leave room for the other columns; a word that is too long is broken where `hard`, and stays whole elsewhere. */
export function wrappedText(text: string, columns = 66, hard = false): string {
  const parted = hard ? text.replaceAll(new RegExp(`(\\S{${columns}})(?=\\S)`, "g"), "$1 ") : text;
  return parted
    .split("\n")
    .map((line) => line.replaceAll(new RegExp(`(.{1,${columns}})(\\s+|$)`, "g"), "$1\n").trimEnd())
    .join("\n");
}

/** Room for a sentence in a table that has to fit a terminal of 100 columns: what the column of names leaves. */
export function columnText(text: string, nameColumns: number): string {
  return wrappedText(text, Math.max(leastColumns, columnsBesideNames - nameColumns), true);
}

const columnsBesideNames = 62;
const leastColumns = 30;
