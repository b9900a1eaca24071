/**
 * Runs `attempt` over `items` with at most `concurrency` in flight: as one ends the next begins, so the system under
 * test always sees the same number of users until the items run out. An attempt that throws stops the loop: nothing
 * new begins, those in flight are awaited, then the first error is thrown.
 *
 * @param options.admit asked before each start; false lets the loop run out (a drain).
 */
export async function runClosedLoop<Item>(
  items: readonly Item[],
  attempt: (item: Item) => Promise<void>,
  options: { readonly concurrency: number; readonly admit: () => boolean },
): Promise<void> {
  let next = 0;
  const errors: unknown[] = [];
  const worker = async () => {
    while (next < items.length && errors.length === 0 && options.admit()) {
      const item = items[next];
      next += 1;
      if (item === undefined) continue;
      try {
        await attempt(item);
      } catch (error) {
        errors.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.concurrency, items.length) }, worker));
  if (errors.length > 0) throw errors[0];
}
