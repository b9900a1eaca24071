/** Compares two strings by code point, as Python does; JavaScript's `<` compares UTF-16 units. */
export function compareText(left: string, right: string): number {
  if (left === right) return 0;
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const unit = left.charCodeAt(index);
    if (unit === right.charCodeAt(index)) continue;
    return compareAt(left, right, index);
  }
  return left.length - right.length;
}

/** The order of two strings that differ at a UTF-16 unit, which can be the second half of a pair. */
function compareAt(left: string, right: string, index: number): number {
  const before = left.charCodeAt(index - 1);
  const inPair = before >= 0xd800 && before < 0xdc00;
  const order = inPair ? pointAt(left, index - 1) - pointAt(right, index - 1) : 0;
  return order === 0 ? pointAt(left, index) - pointAt(right, index) : order;
}

function pointAt(text: string, index: number): number {
  return text.codePointAt(index) ?? -1;
}

/** `len()` of a str: code points, a lone surrogate counts one. */
export function textLength(text: string): number {
  let length = 0;
  for (const _ of text) length++;
  return length;
}
