#!/usr/bin/env node
import { runPublished } from "./published/published-command.ts";

/** `collect_metrics.py` of the published comparison. */
const commands = ["snapshot", "diff", "monitor", "analyze"];

await runPublished({
  usage: `usage: node scripts/collect-metrics.ts COMMAND ...                    is tollgate metrics COMMAND ...
  snapshot URL [-o FILE]                    one page of a server, with its time
  diff PRE POST --wall-clock S [-o FILE]    what happened in between; absent is null, never 0
  monitor URL [-i 5] -o CSV [--duration S]  a row per interval, until Ctrl-C
  analyze CSV [-o FILE]                     percentiles of such a file
--dry-run prints the command and does nothing.`,
  options: ["out", "interval", "wall-clock", "duration"],
  short: { out: "o", interval: "i" },
  translate: (values, [command = "", ...rest]) => {
    if (!commands.includes(command)) throw new Error(`Say which of ${commands.join(", ")}.`);
    const flags = Object.entries(values).flatMap(([name, value = ""]) => [`--${name}`, value]);
    return ["metrics", command, ...rest, ...flags];
  },
});
