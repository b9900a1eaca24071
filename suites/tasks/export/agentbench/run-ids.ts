/** Names of trials as AgentBench names runs: the second in which it began, UTC; a second one of that second gets a number. */
export function runIdsOf(): (startedAt: Date) => string {
  const used = new Map<string, number>();
  return (startedAt) => {
    const [day = "", time = ""] = startedAt.toISOString().split("T");
    const name = `${day.replaceAll("-", "")}-${time.slice(0, 8).replaceAll(":", "")}`;
    const count = (used.get(name) ?? 0) + 1;
    used.set(name, count);
    return count === 1 ? name : `${name}-${count}`;
  };
}
