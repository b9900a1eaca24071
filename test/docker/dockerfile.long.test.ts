import { execFile, execFileSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
} from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectHandComputed } from "../e2e/own-tasks.ts";
import { lastLine, Workplace } from "../e2e/small-experiment.ts";
import { episodesOf, expectExit, TemporaryFolder, tollgate } from "../e2e/tollgate-process.ts";
import { noDockerd, startDockerd, type TestDockerd } from "./dockerd.ts";

const run = promisify(execFile);
const path = process.env["PATH"] ?? "";
const found = (name: string) =>
  path
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file));
/** Why the base image cannot be made here; null when it can. */
const reason =
  noDockerd ??
  (found("debootstrap") === undefined ? "debootstrap is not installed (apt-get install debootstrap)" : null);

describe.skipIf(reason !== null)(
  `images that are built of docker/${reason === null ? "" : `: ${reason}`}`,
  () => {
    let dockerd: TestDockerd;
    const docker = async (...words: readonly string[]) => {
      const env = { PATH: path, DOCKER_HOST: dockerd.host, DOCKER_BUILDKIT: "0" };
      const { stdout } = await run("docker", [...words], { env, maxBuffer: 64 << 20 });
      return stdout.trimEnd();
    };
    beforeAll(async () => {
      dockerd = await startDockerd({ gpus: false });
      await importBase();
    }, 600_000);
    afterAll(() => dockerd?.[Symbol.asyncDispose]());

    /** No registry of images can be asked here: Debian, this Node, this npm and this docker in place of the two base images. */
    async function importBase(): Promise<void> {
      using folder = new TemporaryFolder();
      const root = join(folder.path, "root");
      await run("debootstrap", ["--variant=minbase", "bookworm", root], { maxBuffer: 64 << 20 });
      const bin = join(root, "usr/local/bin");
      copyFileSync(realpathSync(process.execPath), join(bin, "node"));
      copyFileSync(realpathSync(found("docker") ?? ""), join(bin, "docker"));
      const npm = dirname(dirname(realpathSync(found("npm") ?? "")));
      cpSync(npm, join(root, "usr/local/lib/node_modules/npm"), { recursive: true });
      symlinkSync("../lib/node_modules/npm/bin/npm-cli.js", join(bin, "npm"));
      const certificates = "/etc/ssl/certs/ca-certificates.crt";
      mkdirSync(join(root, "etc/base"));
      copyFileSync(certificates, join(root, "etc/base/ca.crt"));
      const archive = join(folder.path, "root.tar");
      execFileSync("tar", ["-C", root, "-cf", archive, "."]);
      await docker("import", "--change", "ENV NODE_EXTRA_CA_CERTS=/etc/base/ca.crt", archive, "test/base:24");
    }

    test("in the image of docker/sandbox real OpenClaw does our tasks, and their scores are those computed by hand", async () => {
      await docker(
        "build",
        "--network",
        "host",
        "--build-arg",
        "BASE=test/base:24",
        "-t",
        "tollgate-sandbox",
        "docker/sandbox",
      );
      using place = new Workplace();
      const settings = ["sandbox=docker", "workload.trials=1"].flatMap((one) => ["--set", one]);
      const finished = await tollgate(
        ["sweep", "experiments/tasks-laptop.yaml", ...settings, "--out", place.runs],
        { ...place.environment, DOCKER_HOST: dockerd.host },
      );
      expectExit(finished, 0);
      expect(finished.stderr).toContain("sandbox: docker");
      const episodes = episodesOf(lastLine(finished));
      expect(episodes).toHaveLength(22);
      for (const episode of episodes) expectHandComputed(episode, "agentbench", "good");
      expect(await docker("ps", "-aq")).toBe("");
    });

    test("Tollgate's own builds, holds OpenClaw and one Node, and sweeps", async () => {
      const base = ["--build-arg", "BASE=test/base:24", "--build-arg", "DOCKER_CLI=test/base:24"];
      await docker(
        "build",
        "--network",
        "host",
        "-f",
        "docker/Dockerfile",
        ...base,
        "-t",
        "tollgate:test",
        ".",
      );
      const inside = (line: string) =>
        docker("run", "--rm", "--network", "host", "tollgate:test", "sh", "-ec", line);
      const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
      expect(await inside("tollgate --version")).toBe(version);
      expect(await inside("ls /app/node_modules | grep -c node-linux || true")).toBe("0");
      expect(await inside("tollgate plan /app/experiments/laptop.yaml")).toContain("agent openclaw 2026.9.6");
      const settings = ["agent.kind=native", "workload.tasks.count=2", "sweep.concurrency=[2]"];
      const sweep = `tollgate sweep /app/experiments/laptop.yaml ${settings.map((one) => `--set ${one}`).join(" ")}`;
      expect(await inside(sweep)).toMatch(/complete, 4\/4 episodes/);
      // A node's experiment is tried with an image that is built on this one.
      await docker(
        "build",
        "--build-arg",
        "BASE=tollgate:test",
        "-t",
        "sglang:test",
        "docker/simulated-sglang",
      );
      const usage = "python3 -m sglang.launch_server 2>&1 || true";
      const help = await docker("run", "--rm", "--network", "host", "sglang:test", "sh", "-c", usage);
      expect(help).toContain("--tp-size");
    });

    test("Kubernetes' builds, works for any user without a file that it may write, and ends when it is told to", async () => {
      const image = "tollgate-k8s:test";
      const base = ["--build-arg", "BASE=test/base:24"];
      await docker("build", "--network", "host", "-f", "docker/k8s.Dockerfile", ...base, "-t", image, ".");
      // As OpenShift starts containers.
      const place = "--network host --user 12345:0 --read-only --tmpfs /tmp --tmpfs /results:mode=777".split(
        " ",
      );
      const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
      expect(await docker("run", "--rm", ...place, image, "--version")).toBe(version);
      const sources = await docker("run", "--rm", ...place, "--entrypoint", "cat", image, "sources.sha256");
      expect(sources).toMatch(/^[0-9a-f]{64}$/);
      const native = ["--set", "agent.kind=native", "--set", "workload.tasks.count=2"];
      const sweep = ["sweep", "experiments/laptop.yaml", ...native, "--out", "/results"];
      expect(await docker("run", "--rm", ...place, image, ...sweep)).toMatch(/complete, 8\/8 episodes/);

      // No gateway is there, and it waits for one.
      const waits = [
        "--env",
        "OPENCLAW_GATEWAY_TOKEN=none",
        "--env",
        "CLAWBENCH_MODEL=simulated/tollgate-sim",
      ];
      const container = await docker("run", "-d", ...place, ...waits, image, "k8s", "entry");
      const state = () => docker("exec", container, "cat", "/results/sidecar.json").catch(() => "");
      await expect.poll(state, { timeout: 60_000 }).toContain('"waiting"');
      // Told to end it is done; 137 would say that it had not ended after two seconds, and was killed.
      await docker("stop", "-t", "2", container);
      expect(await docker("inspect", "--format", "{{.State.ExitCode}}", container)).toBe("0");
      await docker("rm", container);
    });
  },
);
