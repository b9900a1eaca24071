import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { daemonFacts } from "../../bench/docker/daemon-facts.ts";
import { ensureImage, inspectImage, type PullPolicy, type PullProgress } from "../../bench/docker/images.ts";
import { connectDocker, dockerCommand, type Docker } from "../../bench/docker/docker-command.ts";
import { liveProcess } from "../../bench/host/process-table.ts";
import { noDockerd, startDockerd, type TestDockerd } from "./dockerd.ts";
import { startRegistry, type TestRegistry } from "./registry.ts";
import { importProgram } from "./simulated-sglang-image.ts";

const configDirectory = mkdtempSync(join(tmpdir(), "tollgate-docker-config-"));
afterAll(() => rmSync(configDirectory, { recursive: true }));
let docker: TestDockerd;
/** With a `~/.docker` of the test's own. */
let command: Docker;
let registry: TestRegistry;

/** Processors that this process may use, which may be fewer than the machine has: those are what a daemon counts that it starts. */
function ownProcessors(): number {
  const mask = /^Cpus_allowed:\s+(\S+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "";
  const bits = BigInt(`0x${mask.replaceAll(",", "")}`).toString(2);
  return bits.replaceAll("0", "").length;
}

function logIn(password: string): void {
  const auth = Buffer.from(`me:${password}`).toString("base64");
  const auths = { [registry.image.split("/")[0] ?? ""]: { auth } };
  writeFileSync(join(configDirectory, "config.json"), JSON.stringify({ auths }));
}

function ensure(image: string, policy: PullPolicy, progress: PullProgress[] = []) {
  return ensureImage(command, image, {
    policy,
    onProgress: (sum) => progress.push(sum),
  });
}

describe.skipIf(noDockerd !== null)(
  `images on a real Docker daemon${noDockerd ? ` (${noDockerd})` : ""}`,
  () => {
    beforeAll(async () => {
      [docker, registry] = await Promise.all([
        startDockerd(),
        startRegistry({ user: "me", password: "right" }),
      ]);
      command = dockerCommand({
        PATH: `${configDirectory}:${process.env["PATH"]}`,
        DOCKER_HOST: docker.host,
        DOCKER_CONFIG: configDirectory,
      });
    });
    afterAll(async () => {
      await Promise.all([docker[Symbol.asyncDispose](), registry[Symbol.asyncDispose]()]);
    });

    test("the daemon tells what it is", async () => {
      const facts = await daemonFacts(docker.cli);
      expect(facts.version).toBe(await docker.cli(["version", "--format", "{{.Server.Version}}"]));
      expect(facts.runtimes).toContain("runc");
      expect(facts.cpus).toBe(ownProcessors());
    });

    test("a context leads to the daemon as well as DOCKER_HOST does", async () => {
      const named = { PATH: process.env["PATH"], DOCKER_CONFIG: configDirectory, DOCKER_CONTEXT: "node7" };
      await command(["context", "create", "node7", "--docker", `host=${docker.host}`]);
      const other = await connectDocker(named);
      const id = ["info", "--format", "{{.ID}}"];
      expect(await other(id)).toBe(await docker.cli(id));
      await expect(connectDocker({ ...named, DOCKER_CONTEXT: "node8" })).rejects.toThrow(/node8/);
    });

    test("an image is pulled with the credentials of Docker's own login, and only when it is missing", async () => {
      await expect(ensure(registry.image, "never")).rejects.toThrow(
        /is not on this node and pull is never.*docker pull/,
      );
      await expect(ensure(registry.image, "missing")).rejects.toThrow(
        /nobody is logged in at 127\.0\.0\.1:\d+/,
      );
      logIn("wrong");
      await expect(ensure(registry.image, "missing")).rejects.toThrow(
        /credentials for 127\.0\.0\.1:\d+ .* were refused/,
      );
      logIn("right");
      const progress: PullProgress[] = [];
      const facts = await ensure(registry.image, "missing", progress);
      const name = registry.image.replace(/:1$/, "");
      expect(facts).toMatchObject({
        tags: [registry.image],
        digests: [`${name}@${registry.digest}`],
        command: ["/hello"],
      });
      expect(progress.at(-1)).toMatchObject({ layers: 1, layersDone: 1 });
      const again: PullProgress[] = [];
      expect(await ensure(registry.image, "missing", again)).toEqual(facts);
      expect(again).toEqual([]);
      expect(await ensure(registry.image, "always")).toEqual(facts);
      expect((await ensure(`${name}@${registry.digest}`, "missing")).id).toBe(facts.id);
    });

    test("what cannot be pulled says why", async () => {
      logIn("right");
      await expect(ensure(registry.image.replace(/:1$/, ":2"), "missing")).rejects.toThrow(
        /there is no such tag/,
      );
      await expect(ensure("127.0.0.1:9/a/b:1", "missing")).rejects.toThrow(
        /127\.0\.0\.1:9 cannot be reached from the daemon.*docker load/,
      );
      expect(await inspectImage(docker.cli, "127.0.0.1:9/a/b:1")).toBeNull();
    });

    test("a credential helper that never answers is an error, and is ended", async () => {
      const helper = join(configDirectory, "docker-credential-slow");
      const pidFile = join(configDirectory, "helper.pid");
      writeFileSync(helper, `#!/bin/sh\necho $$ > ${pidFile}\nexec sleep 600\n`, { mode: 0o755 });
      writeFileSync(join(configDirectory, "config.json"), JSON.stringify({ credsStore: "slow" }));
      const pulling = ensureImage(command, "127.0.0.1:9/a/b:1", {
        policy: "missing",
        onProgress: () => undefined,
        firstWordMs: 4_000,
      });
      await expect(pulling).rejects.toThrow(
        /`docker pull 127\.0\.0\.1:9\/a\/b:1` said nothing for 4 s: a credential helper/,
      );
      const pid = Number(readFileSync(pidFile, "utf8"));
      await expect.poll(() => liveProcess(pid)).toBeNull();
    });

    test("the simulated SGLang builds on any image that holds Tollgate", async () => {
      await importProgram(docker.cli, "test/base:1", "/bin/sleep");
      const folder = join(import.meta.dirname, "../../docker/simulated-sglang");
      const words = ["build", "--build-arg", "BASE=test/base:1", "-t", "test/sglang:1", folder];
      const env = { PATH: process.env["PATH"], DOCKER_HOST: docker.host, DOCKER_BUILDKIT: "0" };
      execFileSync("docker", words, { env, stdio: "pipe" });
      expect(await inspectImage(docker.cli, "test/sglang:1")).toMatchObject({ tags: ["test/sglang:1"] });
    });
  },
);
