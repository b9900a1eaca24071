import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { parseImageReference } from "../../bench/docker/image-reference.ts";
import { proxyEnvironment } from "../../bench/docker/proxy-environment.ts";
import { registryAuth } from "../../bench/docker/registry-auth.ts";

const directory = mkdtempSync(join(tmpdir(), "tollgate-auth-"));
afterAll(() => rmSync(directory, { recursive: true }));

async function authOf(registry: string, config: unknown): Promise<unknown> {
  writeFileSync(join(directory, "config.json"), JSON.stringify(config));
  const environment = { PATH: `${directory}:/usr/bin:/bin` };
  const header = await registryAuth(registry, { configDirectory: directory, environment });
  return header === null ? null : (JSON.parse(Buffer.from(header, "base64url").toString()) as unknown);
}

const basic = (text: string) => ({ auth: Buffer.from(text).toString("base64") });

test("credentials come from Docker's own file", async () => {
  const config = {
    auths: { "https://index.docker.io/v1/": basic("me:pass:word"), "r.io:5000": basic("you:p") },
  };
  expect(await authOf("docker.io", config)).toEqual({
    username: "me",
    password: "pass:word",
    serveraddress: "https://index.docker.io/v1/",
  });
  expect(await authOf("r.io:5000", config)).toEqual({
    username: "you",
    password: "p",
    serveraddress: "r.io:5000",
  });
  expect(await authOf("other.io", config)).toBeNull();
  expect(await authOf("r.io", { auths: { "r.io": { identitytoken: "t" } } })).toMatchObject({
    identitytoken: "t",
  });
});

test("a helper is asked, and the registry's own before the general one", async () => {
  const helper = join(directory, "docker-credential-test");
  writeFileSync(helper, `#!/bin/sh\nread server\nprintf '{"Username":"u","Secret":"for %s"}' "$server"\n`);
  chmodSync(helper, 0o755);
  const config = { credHelpers: { "r.io": "test" }, credsStore: "absent" };
  expect(await authOf("r.io", config)).toMatchObject({ username: "u", password: "for r.io" });
  await expect(authOf("other.io", config)).rejects.toThrow(/docker-credential-absent, which cannot be run/);
});

test("no file is no credentials, a broken one is an error", async () => {
  const options = { configDirectory: join(directory, "none"), environment: {} };
  expect(await registryAuth("docker.io", options)).toBeNull();
  await expect(authOf("r.io", { auths: [1] })).rejects.toThrow(/has an unknown form/);
});

test.each([
  ["sglang", { registry: "docker.io", name: "sglang", tag: "latest" }],
  ["lmsysorg/sglang:v0.5.10", { registry: "docker.io", name: "lmsysorg/sglang", tag: "v0.5.10" }],
  ["r.io:5000/a/b", { registry: "r.io:5000", name: "r.io:5000/a/b", tag: "latest" }],
  ["localhost/a:1", { registry: "localhost", name: "localhost/a", tag: "1" }],
  ["ghcr.io/a/b:1@sha256:ff", { registry: "ghcr.io", name: "ghcr.io/a/b", tag: "sha256:ff" }],
])("%s is %j", (image, parts) => {
  expect(parseImageReference(image)).toEqual(parts);
});

test("a proxy is handed on by name, and servers on the host are reached without it", () => {
  expect(proxyEnvironment({ PATH: "/bin", HTTP_PROXY: "" })).toEqual({
    environment: {},
    secretEnvironment: [],
  });
  expect(proxyEnvironment({ https_proxy: "http://u:p@proxy:3128", NO_PROXY: "corp,localhost" })).toEqual({
    environment: { NO_PROXY: "corp,localhost,127.0.0.1,::1", no_proxy: "corp,localhost,127.0.0.1,::1" },
    secretEnvironment: ["https_proxy"],
  });
});
