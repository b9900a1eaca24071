import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** A real server on a free loopback port, closed when the test ends. Returns its origin. */
export async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/**
 * A server whose n-th answer is `pages(n)`, n from 0: a page, or a status code. `loads`: what `/v1/loads` says meanwhile, in
 * a count of its own; without it there is no such page.
 */
export function servePages(
  pages: (n: number) => string | number,
  loads?: (n: number) => unknown,
): Promise<string> {
  let answered = 0;
  let asked = 0;
  return serve((request, response) => {
    if (request.url?.startsWith("/v1/loads") === true) {
      if (loads === undefined) response.writeHead(404).end();
      else response.end(JSON.stringify(loads(asked++)));
      return;
    }
    const page = pages(answered++);
    if (typeof page === "number") response.writeHead(page).end();
    else response.end(page);
  });
}

/** SGLang's gauges and counters of one moment, in its form. */
export function sglangPage(state: {
  readonly running?: number;
  readonly queued?: number;
  readonly prompt?: number;
  readonly generated?: number;
  readonly requests?: number;
}): string {
  const line = (name: string, type: string, value: number | undefined) =>
    value === undefined
      ? ""
      : `# TYPE sglang:${name} ${type}\nsglang:${name}{model_name="m",tp_rank="0"} ${value.toFixed(1)}\n`;
  return (
    line("num_running_reqs", "gauge", state.running) +
    line("num_queue_reqs", "gauge", state.queued) +
    line("prompt_tokens_total", "counter", state.prompt) +
    line("generation_tokens_total", "counter", state.generated) +
    line("num_requests_total", "counter", state.requests)
  );
}
