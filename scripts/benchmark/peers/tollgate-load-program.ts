import { LoadThread } from "../../../bench/load/load-thread.ts";
import { arrivalOffsetsNs } from "../../../bench/load/schedule.ts";
import { meanOf, percentile } from "../../../bench/statistics/distribution.ts";
import { createRng } from "../../../bench/statistics/rng.ts";

/**
 * Entry of Tollgate's generator in the comparison with its peers, driven as they are: by a command line.
 * `node tollgate-load-program.ts URL BODY COUNT closed:USERS|constant:RATE|poisson:RATE`. Prints one line of JSON.
 */
const [url = "", body = "", count = "0", pace = ""] = process.argv.slice(2);
const [kind, amount] = pace.split(":");

const request = { path: "/v1/chat/completions", body, thinkMs: 0 };
const sessions = Array.from({ length: Number(count) }, (_, at) => ({
  key: `s${at}`,
  headers: {},
  requests: [{ ...request, id: `r${at}` }],
}));
const open = () =>
  arrivalOffsetsNs(kind === "poisson" ? { kind: "poisson" } : { kind: "constant" }, {
    perSecond: Number(amount),
    count: sessions.length,
    rng: createRng(1),
  });

await using thread = new LoadThread(process.env);
const { samples } = await thread.run({
  url,
  sessions,
  pace:
    kind === "closed"
      ? { kind: "closed", users: Number(amount), staggerMs: 0 }
      : { kind: "open", startsNs: open() },
  timeoutMs: 60_000,
  connectionsMax: null,
  keep: { chunks: false, output: false },
});
const completed = samples.filter(({ outcome }) => outcome === "completed");
const ttftMs = completed.flatMap(({ sentNs, firstTokenNs }) =>
  sentNs === null || firstTokenNs === null ? [] : [(firstTokenNs - sentNs) / 1e6],
);
const latenessMs = completed.flatMap(({ sentNs, intendedNs }) =>
  sentNs === null ? [] : [(sentNs - intendedNs) / 1e6],
);
process.stdout.write(
  `${JSON.stringify({
    completed: completed.length,
    failed: samples.length - completed.length,
    meanTtftMs: ttftMs.length === 0 ? null : meanOf(ttftMs),
    latenessP50Ms: percentile(latenessMs, 0.5),
    latenessP99Ms: percentile(latenessMs, 0.99),
  })}\n`,
);
