import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { TemporaryFolder } from "../e2e/tollgate-process.ts";
import { adminKey, expectJson, GatewayUser } from "./gateway-process.ts";
import { libraryEngine, modelFolder } from "./recorded-run.ts";

/** A file system of a few pages needs a mount of one's own, which not every machine allows. */
const canMount = spawnSync("unshare", ["-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).status === 0;

/** A gateway whose log is on a file system of 64 kB. */
async function gatewayOnSmallDisk(engineUrl: string, disk: string) {
  const flags = ["--engine", engineUrl, "--port", "0", "--admin-key-env", "ADMIN_KEY", "--level", "L2"];
  const recording = ["--tokenizer", modelFolder, "--log", join(disk, "gateway.log")];
  const script = `mount -t tmpfs -o size=64k tmpfs ${disk} && exec "$0" "$@"`;
  const program = [process.execPath, "bench/gateway/program.ts", ...flags, ...recording];
  const child = spawn("unshare", ["-rm", "sh", "-c", script, ...program], {
    env: { ...process.env, ADMIN_KEY: adminKey },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  return {
    url: (JSON.parse(line) as { url: string }).url,
    /** Runs a command where the small disk is. */
    inside: (command: string) => {
      const place = ["-t", String(child.pid), "-U", "-m", "--preserve-credentials"];
      const { status, stdout, stderr } = spawnSync("nsenter", [...place, "sh", "-c", command], {
        encoding: "utf8",
      });
      if (status !== 0) throw new Error(stderr);
      return stdout;
    },
    // Its mounts end with it.
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    },
  };
}

test.skipIf(!canMount)(
  "a full disk refuses what must be kept, loses nothing, and records nothing twice",
  async () => {
    using folder = new TemporaryFolder();
    const disk = join(folder.path, "disk");
    mkdirSync(disk);
    const engine = await libraryEngine("user");
    await using _engine = engine.process;
    await using gateway = await gatewayOnSmallDisk(engine.url, disk);
    const user = new GatewayUser(gateway.url);
    const { id, key } = await user.startSession("t");
    const ask = (at: number) => ({
      messages: [{ role: "user", content: `${at} ${"some words ".repeat(400)}` }],
      max_tokens: 8,
      ignore_eos: true,
    });
    const statuses: number[] = [];
    // Each call adds some kilobytes, until one is kept in memory only. The next is not made at all.
    while (statuses.at(-1) !== 507 && statuses.length < 40)
      statuses.push((await user.chat(key, ask(statuses.length))).status);
    const made = statuses.length - 1;
    expect(statuses).toEqual([...Array.from({ length: made }, () => 200), 507]);
    expect(made).toBeGreaterThan(3);
    const refused = await user.reward(key);
    expect(refused.status).toBe(507);
    expect(refused.text).toMatch(/cannot be written: ENOSPC.*make room and repeat/);

    gateway.inside(`mount -o remount,size=8m ${disk}`);
    expectJson(await user.reward(key));
    expect((await user.exported(id, { remove_session: false })).interactions).toHaveLength(made);
    const lines = gateway.inside(`cat ${disk}/gateway.log`).trimEnd().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as { type: string }).type)).toEqual([
      "session",
      ...Array.from({ length: made }, () => "call"),
      "reward",
    ]);
  },
  180_000,
);
