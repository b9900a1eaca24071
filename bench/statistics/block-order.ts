/**
 * Order of the arms within a block: there and back, so that each arm has the same mean position and what drifts steadily
 * (heat, memory, neighbours) cancels in every difference of two arms. With two arms it is ABBA. Blocks take turns in who
 * begins, because the first place may be special.
 */
export function blockOrder<Arm>(arms: readonly Arm[], block: number): readonly Arm[] {
  const shift = arms.length === 0 ? 0 : block % arms.length;
  const there = [...arms.slice(shift), ...arms.slice(0, shift)];
  return [...there, ...there.toReversed()];
}
