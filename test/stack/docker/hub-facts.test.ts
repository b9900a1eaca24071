import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { askHub } from "../../../bench/stack/docker/model/hub-facts.ts";
import type { ModelSource } from "../../../bench/stack/docker/model/model-source.ts";

const missing: ModelSource = {
  name: "org/model",
  kind: "hub",
  state: "missing",
  directory: null,
  presentBytes: 0,
  totalBytes: null,
  config: null,
  revision: null,
  remark: "not in /cache",
};

test("what a cache does not hold is asked from the hub, through redirects and with the token", async () => {
  const asked: string[] = [];
  const tree = [
    { type: "directory", path: "original" },
    { type: "file", path: "original/consolidated.safetensors", size: 99 },
    { type: "file", path: "model-1.safetensors", size: 30 },
    { type: "file", path: "model-2.safetensors", size: 12 },
    { type: "file", path: "pytorch_model.bin", size: 7 },
  ];
  await using hub = createServer(({ url, headers }, response) => {
    asked.push(`${url} ${headers.authorization}`);
    if (url?.includes("/tree/")) response.end(JSON.stringify(tree));
    else if (url?.includes("/resolve/")) response.writeHead(307, { location: "/cached-config" }).end();
    else response.end('{"hidden_size":8}');
  }).listen(0, "127.0.0.1");
  await once(hub, "listening");
  const machine = {
    HF_ENDPOINT: `http://127.0.0.1:${(hub.address() as AddressInfo).port}/`,
    HF_TOKEN: "secret",
  };
  expect(await askHub(missing, machine)).toEqual({ ...missing, totalBytes: 42, config: { hidden_size: 8 } });
  expect(asked.toSorted()).toEqual([
    "/api/models/org/model/tree/main?recursive=true Bearer secret",
    "/cached-config Bearer secret",
    "/org/model/resolve/main/config.json Bearer secret",
  ]);
});

test("no answer leaves the model as it was, with the reason; offline nothing is asked", async () => {
  const dead = await askHub(missing, { HF_ENDPOINT: "http://127.0.0.1:9" });
  expect({ ...dead, remark: null }).toEqual({ ...missing, remark: null });
  expect(dead.remark).toMatch(
    /^not in \/cache; http:\/\/127\.0\.0\.1:9 did not tell its size: .*ECONNREFUSED/,
  );
  expect((await askHub(missing, { HF_HUB_OFFLINE: "1" })).remark).toBe(
    "not in /cache; HF_HUB_OFFLINE is set, so Hugging Face was not asked",
  );
  const folder: ModelSource = { ...missing, kind: "folder", name: "/models/x" };
  expect(await askHub(folder, {})).toBe(folder);
});
