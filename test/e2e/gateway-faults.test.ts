import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { lastLine, sound, unchecked, Workplace } from "./small-experiment.ts";
import { cellSummaries, tollgate, TollgateProcess } from "./tollgate-process.ts";

interface Reply {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}
type Ask = () => Promise<Reply>;

/** A gateway that collects each answer and then does something to it; `ask` sends the request on. */
async function gateway(target: string, answer: (ask: Ask) => Promise<Reply>): Promise<Server> {
  const server = createServer((incoming, outgoing) => {
    void (async () => {
      let body = "";
      for await (const chunk of incoming.setEncoding("utf8")) body += String(chunk);
      const ask = async (): Promise<Reply> => {
        const response = await fetch(new URL(incoming.url ?? "/", target), {
          method: incoming.method ?? "GET",
          headers: passedOn(incoming.headers),
          body: body === "" ? null : body,
        });
        const type = response.headers.get("content-type") ?? "";
        return { status: response.status, type, text: await response.text() };
      };
      const { status, type, text } = await answer(ask);
      outgoing.writeHead(status, { "content-type": type }).end(text);
    })();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

function passedOn(headers: IncomingHttpHeaders): Record<string, string> {
  const kept = Object.entries(headers).filter(
    ([name]) => name === "content-type" || name === "authorization" || name.startsWith("x-tollgate-"),
  );
  return Object.fromEntries(kept.map(([name, value]) => [name, String(value)]));
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;
const withoutUsage = (text: string) =>
  text.replaceAll(/^(?:data: )?\{.*$/gm, (line) => {
    const prefix = line.startsWith("data: ") ? "data: " : "";
    const { usage: _, ...rest } = JSON.parse(line.slice(prefix.length)) as Record<string, unknown>;
    return `${prefix}${JSON.stringify(rest)}`;
  });

async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, () => gateway("http://127.0.0.1:1", (ask) => ask())),
  );
  const ports = servers.map(portOf);
  for (const server of servers) await server[Symbol.asyncDispose]();
  return ports;
}

async function simulator(role: "agent" | "user", decodeStepMs: number): Promise<TollgateProcess> {
  const data = "openclaw-tau2/data";
  const tasks = ["--domain", "library", "--data", data, "--schemas", `${data}/tau2/domains/library`];
  const speed = ["--decode-step-ms", String(decodeStepMs)];
  const process = new TollgateProcess(["simulate", "--role", role, "--port", "0", ...tasks, ...speed]);
  await process.until(() => process.stdout.includes("\n"), { what: "a ready line" });
  return process;
}
const urlOf = ({ stdout }: TollgateProcess) => (JSON.parse(stdout) as { url: string }).url;

test("gateways that drop usage, ask twice or hold the stream back are found out, each by name", async () => {
  const [agent, user] = await Promise.all([simulator("agent", 4), simulator("user", 0.2)]);
  await using _agent = agent;
  await using _user = user;
  const [dropTap, twiceTap, holdTap] = (await freePorts(3)) as [number, number, number];
  const inner = (port: number) => `http://127.0.0.1:${port}`;
  await using drops = await gateway(inner(dropTap), async (ask) => {
    const reply = await ask();
    return { ...reply, text: withoutUsage(reply.text) };
  });
  await using twice = await gateway(inner(twiceTap), async (ask) => {
    await ask();
    return ask();
  });
  await using holds = await gateway(inner(holdTap), (ask) => ask());
  const arm = (name: string, server: Server, innerTapPort: number) => {
    return { kind: "url", name, url: `http://127.0.0.1:${portOf(server)}`, innerTapPort };
  };
  using place = new Workplace({
    stack: { kind: "attach", agent: { url: urlOf(agent) }, user: { url: urlOf(user) } },
    arms: [
      { kind: "raw" },
      arm("drops", drops, dropTap),
      arm("twice", twice, twiceTap),
      arm("holds", holds, holdTap),
    ],
  });
  const swept = await place.sweep(...unchecked);
  const cells = cellSummaries(lastLine(swept)) as Record<
    string,
    { verdict: string; tokenCheck: { status: string; details: string[] } }
  >;
  const found = ["drops", "twice", "holds"].map((name) => {
    const { verdict, tokenCheck } = cells[`c2-r0-${name}`]!;
    return [name, verdict, tokenCheck.status];
  });
  expect(found).toEqual([
    ["drops", "answer-altered", "mismatch"],
    ["twice", sound, "explained"],
    ["holds", sound, "exact"],
  ]);
  expect(cells["c2-r0-drops"]?.tokenCheck.details.join("\n")).toMatch(
    /\d+ requests came back without usage: \S+-a1/,
  );
  expect(cells["c2-r0-twice"]?.tokenCheck.details.join("\n")).toMatch(
    /\d+ requests were sent to the engine more than once by the gateway: \S+-a1/,
  );
  const report = JSON.parse((await tollgate(["report", lastLine(swept), "--format", "json"])).stdout) as {
    overheads: { arm: string; armPath: { retried: number; requests: number; streaming: string } }[];
  };
  const path = (name: string) => report.overheads.find(({ arm }) => arm === name)?.armPath;
  expect(path("twice")?.retried).toBe(path("twice")?.requests);
  expect(path("holds")?.streaming).toBe("simulated");
});
