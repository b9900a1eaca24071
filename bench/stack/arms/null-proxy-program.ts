import { Forward, forwardTarget, type ForwardObserver } from "../../wire/forward.ts";
import { Manners } from "../../wire/manners.ts";
import { WireServer } from "../../wire/server.ts";

/** Entry of the placebo gateway: `node null-proxy-program.ts UPSTREAM`. Passes everything on to UPSTREAM, and only that. */
const url = new URL(process.argv[2] ?? "");
const upstream = forwardTarget(url, {
  manners: new Manners(),
  unreachable: (error) =>
    JSON.stringify({ error: `the null proxy cannot reach ${url.origin}: ${error.message}` }),
});

const nobody: ForwardObserver = {
  requestChunk: () => undefined,
  requestEnd: () => undefined,
  sentAgain: () => undefined,
  responseHead: () => undefined,
  responseChunk: () => undefined,
  end: () => undefined,
};

const server = await WireServer.listen(
  0,
  (head, response) => new Forward({ head, response, upstream }, nobody).request,
);
process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${server.port}`, pid: process.pid })}\n`);
