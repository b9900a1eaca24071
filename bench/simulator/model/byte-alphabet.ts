/**
 * The printable stand-ins of byte-level BPE: every byte has one character, so any text becomes a string that a JSON
 * vocabulary can hold. Bytes that are printable in Latin-1 stand for themselves, the others start at U+0100.
 */
function isPrintable(byte: number): boolean {
  return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
}

/** Character of each byte, by byte value. */
export const byteCharacters: readonly string[] = (() => {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isPrintable(byte) ? byte : next++));
})();

/** Byte of each character. */
export const characterBytes: ReadonlyMap<string, number> = new Map(
  byteCharacters.map((character, byte) => [character, byte]),
);

const encoder = new TextEncoder();

/** The stand-in string of a text: one character per UTF-8 byte. */
export function toByteCharacters(text: string): string {
  let result = "";
  for (const byte of encoder.encode(text)) result += byteCharacters[byte] ?? "";
  return result;
}
