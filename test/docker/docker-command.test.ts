import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { connectDocker, daemonEnvironment, dockerCommand } from "../../bench/docker/docker-command.ts";
import { sendSignal } from "../../bench/host/signals.ts";
import { liveProcess } from "../../bench/host/process-table.ts";

const folder = mkdtempSync(join(tmpdir(), "tollgate-command-"));
afterAll(() => rmSync(folder, { recursive: true }));
/** Folder of the last command. */
let place = "";

/** A `docker` that is these lines of shell. */
function commandOf(...lines: string[]) {
  place = mkdtempSync(join(folder, "bin-"));
  writeFileSync(join(place, "docker"), `#!/bin/sh\n${lines.join("\n")}\n`, { mode: 0o755 });
  return dockerCommand({ PATH: `${place}:/usr/bin:/bin`, PLACE: place });
}

const failing = (message: string) => commandOf(`cat >&2 <<'END'`, message, "END", "exit 1");

test("arguments reach docker word by word, and it prints the answer", async () => {
  const docker = commandOf(`for word in "$@"; do printf '[%s]\\n' "$word"; done; echo "$SECRET"`);
  expect(await docker(["inspect", "a b", "$(id)", "--x"], { environment: { SECRET: "s" } })).toBe(
    "[inspect]\n[a b]\n[$(id)]\n[--x]\ns",
  );
});

test("a machine without the command says what to install", async () => {
  await expect(dockerCommand({ PATH: folder })(["ps"])).rejects.toMatchObject({
    name: "StartError",
    message: expect.stringMatching(/`docker` is not on the PATH.*apt-get install docker-cli/) as string,
  });
});

test.each([
  [
    "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
    /at unix:\/\/\/var\/run\/docker\.sock does not answer `docker ps`: nobody listens there\. Start Docker \(`systemctl start docker`\)/,
  ],
  [
    "failed to connect to the docker API at unix:///x/docker.sock; check if the path is correct and if the daemon is running: dial unix",
    /at unix:\/\/\/x\/docker\.sock does not answer.*DOCKER_CONTEXT/,
  ],
  [
    'permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get "http://%2Fvar": dial unix',
    /at unix:\/\/\/var\/run\/docker\.sock does not answer.*permission denied\. Add the user to the group/,
  ],
  [
    'Current context "nope" is not found on the file system, please check your config file',
    /context "nope" is not found on the file system.*docker info/,
  ],
])("a daemon that cannot be asked is not one that refused: %s", async (stderr, message) => {
  await expect(failing(stderr)(["ps"])).rejects.toMatchObject({
    name: "DockerError",
    refused: false,
    message: expect.stringMatching(message) as string,
  });
});

test("what the daemon refuses keeps its words, and nothing of what the command adds", async () => {
  const stderr =
    "WARNING: no swap\nError response from daemon: could not select device driver\nError: failed to start containers: x";
  await expect(failing(stderr)(["start", "x"])).rejects.toMatchObject({
    refused: true,
    reason: "could not select device driver",
  });
});

test("a socket that is not there says how to start Docker", async () => {
  const environment = { PATH: process.env["PATH"], DOCKER_HOST: "unix:///nowhere/docker.sock" };
  await expect(connectDocker(environment)).rejects.toThrow(
    /unix:\/\/\/nowhere\/docker\.sock does not answer.*systemctl start docker.*DOCKER_HOST/,
  );
});

const hanging = () => commandOf(`sleep 600 & echo $! > "$PLACE/pid"; wait`);
const sleeper = () => Number(readFileSync(join(place, "pid"), "utf8"));

test("a call that hangs is an error after its time, and what it started is ended with it", async () => {
  await expect(hanging()(["info"], { timeoutMs: 500 })).rejects.toThrow(
    /does not answer `docker info`: no answer within 500 ms/,
  );
  await expect.poll(() => liveProcess(sleeper())).toBeNull();
});

test("an answer is there although a helper that docker left in the background holds its output open", async () => {
  const docker = commandOf(`sleep 600 & echo $! > "$PLACE/pid"; echo done`);
  expect(await docker(["ps"], { timeoutMs: 20_000 })).toBe("done");
  sendSignal(sleeper(), "SIGKILL");
});

test("a call ends when its signal says so, with the signal's reason", async () => {
  const stop = new AbortController();
  const call = hanging()(["wait", "x"], { signal: stop.signal, timeoutMs: null });
  const ended = call.catch((reason: unknown) => reason);
  await expect.poll(() => liveProcess(sleeper())).not.toBeNull();
  stop.abort(new Error("enough"));
  expect(await ended).toMatchObject({ message: expect.stringContaining("enough") as string });
  await expect.poll(() => liveProcess(sleeper())).toBeNull();
});

test("a supervisor learns where the daemon is, and none of the keys that stand beside it", () => {
  const found = { PATH: "/bin", DOCKER_CONTEXT: "node7", SSH_AUTH_SOCK: "/s", https_proxy: "p" };
  expect(daemonEnvironment({ ...found, OPENAI_API_KEY: "k", NODE_OPTIONS: "-r x", HOME: undefined })).toEqual(
    found,
  );
});
