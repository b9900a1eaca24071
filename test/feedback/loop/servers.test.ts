import { createServer, type RequestListener } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { checkTrainer } from "../../../bench/feedback/loop/servers.ts";
import { startTrainer } from "../../simulator/trainer/started-trainer.ts";

async function serving(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const saying = async (status: number, headers: Record<string, string>, body: string) =>
  await serving((_, response) => void response.writeHead(status, headers).end(body));

test("a simulated trainer at an address is known for one, by its page and by the head of its answers", async () => {
  const { url } = await startTrainer();
  expect(await checkTrainer(url, {})).toEqual({ simulated: true });
  const healthy = '{"status": "healthy", "worker": {"status": "healthy", "error": null}}';
  const told = await saying(200, {}, healthy.replace("{", '{"simulator": true, '));
  expect(await checkTrainer(told, {})).toEqual({ simulated: true });
  const labelled = await saying(200, { "x-tollgate-simulator": "1" }, healthy);
  expect(await checkTrainer(labelled, {})).toEqual({ simulated: true });
  expect(await checkTrainer(await saying(200, {}, healthy), {})).toEqual({ simulated: false });
});

test.each([
  { what: "a refusal", status: 503, body: "no worker", words: /status 503: no worker/ },
  { what: "an address that leads elsewhere", status: 307, body: "", words: /leads on to http:\/\/elsewhere/ },
  { what: "a page for people", status: 200, body: "<html>Welcome</html>", words: /no JSON object.*<html>/ },
])("$what is no trainer", async ({ status, body, words }) => {
  const url = await saying(status, status === 307 ? { location: "http://elsewhere/" } : {}, body);
  await expect(checkTrainer(url, {})).rejects.toThrow(words);
  await expect(checkTrainer(url, {})).rejects.toThrow(/claas_url/);
});
