import { expect, test } from "vitest";
import { registryOf } from "../../bench/docker/images.ts";
import { proxyEnvironment } from "../../bench/docker/proxy-environment.ts";

test.each([
  ["sglang", "docker.io"],
  ["sglang:v0.5.10", "docker.io"],
  ["lmsysorg/sglang:v0.5.10", "docker.io"],
  ["r.io:5000/a/b", "r.io:5000"],
  ["localhost/a:1", "localhost"],
  ["ghcr.io/a/b:1@sha256:ff", "ghcr.io"],
])("%s is looked for at %s", (image, registry) => {
  expect(registryOf(image)).toBe(registry);
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
