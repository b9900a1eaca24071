/** Blocks of emoji of which not every character is a symbol by its category: skin tones are modifiers, others not assigned. */
const blocks: readonly (readonly [number, number])[] = [
  [0x1f1e0, 0x1f1ff],
  [0x1f300, 0x1f5ff],
  [0x1f600, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f900, 0x1f9ff],
  [0x1fa00, 0x1faff],
];

const symbol = /^\p{So}$/u;

/** By the rule of CLaaS: Unicode's category So, and the blocks above. `©` and `™` are emoji by it, and the keycap `1️⃣` is none. */
function isSymbol(character: string): boolean {
  if (symbol.test(character)) return true;
  const codePoint = character.codePointAt(0) ?? 0;
  return blocks.some(([from, to]) => codePoint >= from && codePoint <= to);
}

export function symbolsIn(text: string): readonly string[] {
  return Array.from(text).filter(isSymbol);
}

/** As Unicode shows them: a keycap, a flag or a family is one; `©` is one only where it is asked to be shown as a picture. */
const sequence = /\p{RGI_Emoji}/gv;

export function emojiIn(text: string): readonly string[] {
  return text.match(sequence) ?? [];
}
