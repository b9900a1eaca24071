import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { liveProcesses } from "../../bench/host/process-table.ts";
import { holdingKinds, openPlace, shell } from "./kinds.ts";

/** Programs of a test, told from others by how long they sleep. */
const running = (seconds: number) => liveProcesses().filter(({ command }) => command === `sleep ${seconds}`);

/** What users of a sandbox rely on, the same with every kind. */
describe.each(["none", ...holdingKinds] as const)("%s", (kind) => {
  test("commands share the workspace, and the workspace is a folder of this machine", async (context) => {
    await using place = await openPlace(kind, context);
    const { sandbox, request } = place;
    writeFileSync(join(request.workspace, "given"), "from outside");
    expect(await shell(sandbox, "pwd; cat given; echo made >made")).toMatchObject({
      exitCode: 0,
      stdout: `${sandbox.directory}\nfrom outside`,
    });
    expect((await shell(sandbox, "cat made")).stdout).toBe("made\n");
    expect(readFileSync(join(request.workspace, "made"), "utf8")).toBe("made\n");
  });

  test("an outcome says what the command did", async (context) => {
    await using place = await openPlace(kind, context);
    const { sandbox } = place;
    expect(await shell(sandbox, "echo out; echo err >&2; exit 7")).toMatchObject({
      exitCode: 7,
      signal: null,
      stdout: "out\n",
      stderr: "err\n",
      timedOut: false,
      droppedBytes: 0,
    });
    // Docker tells a signal by its exit code only.
    const ended = kind === "docker" ? { exitCode: 143, signal: null } : { exitCode: null, signal: "SIGTERM" };
    expect(await shell(sandbox, "kill -TERM $$")).toMatchObject(ended);
    expect((await shell(sandbox, "cat", { input: "a\0b" })).stdout).toBe("a\0b");
    expect(await shell(sandbox, "head -c 300000 /dev/zero")).toMatchObject({ droppedBytes: 200_000 });
    const options = { timeoutMs: 10_000, outputBytesMax: 1000 };
    expect((await sandbox.run(["/no/such/program"], options)).exitCode).toBe(127);
    expect((await sandbox.run(["echo", "a'b c\n$HOME"], options)).stdout).toEqual(
      new Uint8Array(Buffer.from("a'b c\n$HOME\n")),
    );
  });

  test("a command that takes too long is ended with what it started", async (context) => {
    await using place = await openPlace(kind, context);
    const { sandbox } = place;
    const seconds = 4000 + (process.pid % 1000);
    const slow = await shell(sandbox, `sleep ${seconds} | cat & sleep ${seconds}; touch after`, {
      timeoutMs: 300,
    });
    expect(slow).toMatchObject({ exitCode: null, timedOut: true });
    // An engine is told of it, and ends them a moment later.
    for (let tries = 0; running(seconds).length > 0 && tries < 100; tries++) await sleep(20);
    expect(running(seconds)).toEqual([]);
    expect((await shell(sandbox, "ls")).stdout).not.toContain("after");
    const controller = new AbortController();
    const run = sandbox.run(["sleep", "4711"], {
      timeoutMs: 60_000,
      outputBytesMax: 10,
      signal: controller.signal,
    });
    setTimeout(() => controller.abort(), 100);
    expect(await run).toMatchObject({ exitCode: null, timedOut: false });
    expect((await shell(sandbox, "echo still here")).stdout).toBe("still here\n");
  });

  test("services in the background are reached by later commands, and do not keep a command open", async (context) => {
    await using place = await openPlace(kind, context);
    const { sandbox } = place;
    const port = 31_100 + (process.pid % 50);
    const serve = `python3 -m http.server ${port} --bind 127.0.0.1 >/dev/null 2>&1 &`;
    const started = await shell(sandbox, `echo page >index.html; ${serve}`);
    expect(started.exitCode).toBe(0);
    const ask = `i=0; until python3 -c "import urllib.request as u; print(u.urlopen('http://127.0.0.1:${port}/').read())"; do i=$((i+1)); [ $i -lt 50 ] || exit 1; sleep 0.1; done 2>/dev/null`;
    expect((await shell(sandbox, ask)).stdout).toContain("page");
    const begun = performance.now();
    await shell(sandbox, "sleep 30 &");
    expect(performance.now() - begun).toBeLessThan(15_000);
  });

  test("the environment is what was asked for and nothing else", async (context) => {
    await using place = await openPlace(kind, context, { environment: { GIVEN: "yes" } });
    const { sandbox } = place;
    const { stdout } = await shell(sandbox, "env | sort | cut -d= -f1 | tr '\\n' ' '");
    const names = stdout.split(" ").filter((name) => name !== "" && !name.startsWith("TOLLGATE_"));
    expect(names.filter((name) => name !== "_")).toEqual(
      "GIVEN HOME LANG LOGNAME PATH PWD SHELL TMPDIR TZ USER".split(" "),
    );
    expect((await shell(sandbox, "echo $GIVEN; touch $HOME/x $TMPDIR/y && echo written")).stdout).toBe(
      "yes\nwritten\n",
    );
    const options = {
      timeoutMs: 10_000,
      outputBytesMax: 100,
      environment: { GIVEN: "other" },
      directory: "/",
    };
    expect(
      Buffer.from((await sandbox.run(["sh", "-c", "echo $GIVEN; pwd"], options)).stdout).toString(),
    ).toBe("other\n/\n");
  });

  test("its entrance is a program that others can start", async (context) => {
    await using place = await openPlace(kind, context);
    const { sandbox } = place;
    const {
      file,
      arguments: args,
      environment,
    } = sandbox.enter(["sh", "-c", "echo $0 $1; exit 3", "a", "b c"]);
    const failed = await promisify(execFile)(file, [...args], { env: { ...environment } }).catch(
      (thrown: unknown) => thrown,
    );
    expect(failed).toMatchObject({ code: 3, stdout: "a b c\n" });
  });

  test("disposing of it ends what runs inside, also daemons", async (context) => {
    await using place = await openPlace(kind, context);
    const { sandbox } = place;
    const seconds = 5000 + (process.pid % 1000);
    await shell(
      sandbox,
      `setsid sh -c 'trap "" TERM HUP; sleep ${seconds} & sleep ${seconds} & wait' >/dev/null 2>&1 &`,
    );
    for (let tries = 0; running(seconds).length < 2 && tries < 100; tries++) await sleep(50);
    expect(running(seconds)).toHaveLength(2);
    await sandbox[Symbol.asyncDispose]();
    await sandbox[Symbol.asyncDispose]();
    expect(running(seconds)).toEqual([]);
    expect(await shell(sandbox, "echo")).toMatchObject({ exitCode: null, signal: "SIGKILL" });
  });
});

/** Without a sandbox the machine's first process takes note of them, whatever that is. */
test.for(holdingKinds)(
  "%s: what commands leave behind is no process any more once it has ended",
  async (kind, context) => {
    await using place = await openPlace(kind, context);
    const dead = "grep -l '^State:.Z' /proc/[0-9]*/status 2>/dev/null | wc -l";
    const { stdout } = await shell(
      place.sandbox,
      `for each in 1 2 3; do (sleep 0.1 &); done; sleep 1; ${dead}`,
    );
    expect(stdout.trim()).toBe("0");
  },
);
