/**
 * Starts several parts at once. All are waited for, because one that comes up while another fails has to be stopped with
 * the rest; the one that fails ends the others' wait, which may last half an hour.
 * @throws what the first of them failed with
 */
export async function startTogether<Name extends string, Value>(
  starts: Readonly<Record<Name, (signal: AbortSignal) => Promise<Value>>>,
  signal: AbortSignal,
): Promise<Record<Name, Value>> {
  const together = new AbortController();
  const either = AbortSignal.any([signal, together.signal]);
  const names = Object.keys(starts) as Name[];
  const results = await Promise.allSettled(
    names.map(async (name) => {
      try {
        return [name, await starts[name](either)] as const;
      } catch (error) {
        together.abort(error);
        throw error;
      }
    }),
  );
  if (together.signal.aborted) throw together.signal.reason;
  const started = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  return Object.fromEntries(started) as Record<Name, Value>;
}
