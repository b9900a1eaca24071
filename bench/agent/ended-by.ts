/** Waits for a tool no longer than the turn lasts: it may run a command that takes minutes. */
export async function endedBy(signal: AbortSignal, called: Promise<void>): Promise<void> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason as Error);
  signal.addEventListener("abort", abort, { once: true });
  try {
    await Promise.race([called, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
    // One that nobody waits for any more fails when its connection is closed.
    called.catch(() => undefined);
  }
}
