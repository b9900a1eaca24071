/** Sends a signal; a negative pid means a process group. False when there is nobody (any more) to receive it. */
export function sendSignal(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    // EPERM: somebody else's process has taken the number. It is not ours to end.
    if (code === "ESRCH" || code === "EPERM") return false;
    throw thrown;
  }
}
