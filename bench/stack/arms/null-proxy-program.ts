import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { forward, type ForwardObserver } from "../../tap/forward.ts";
import { endToEndHeaders } from "../../tap/hop-headers.ts";
import { Upstream } from "../../tap/upstream.ts";

/** Entry of the placebo gateway: `node null-proxy-program.ts UPSTREAM`. Passes everything on to UPSTREAM, and only that. */
const { origin, pathname } = new URL(process.argv[2] ?? "");
const upstream = new Upstream(origin);
const prefix = pathname.replace(/\/+$/, "");

const nobody: ForwardObserver = {
  requestChunk: () => undefined,
  requestEnd: () => undefined,
  sentAgain: () => undefined,
  responseHead: () => undefined,
  responseChunk: () => undefined,
  end: () => undefined,
};

const server = createServer(
  { keepAliveTimeout: 3_600_000, requestTimeout: 0, maxHeaderSize: 64 * 1024, noDelay: true },
  (request, response) =>
    void forward(
      {
        request,
        response,
        upstream,
        path: `${prefix}${request.url ?? "/"}`,
        headers: endToEndHeaders(request.rawHeaders, new Set(["host", "expect"])),
        unreachable: (error) =>
          JSON.stringify({ error: `the null proxy cannot reach ${origin}: ${error.message}` }),
      },
      nobody,
    ),
);

server.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}`, pid: process.pid })}\n`);
});
