import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { expect, test } from "vitest";
import { judgingPlace, square, testLimits } from "./judging-place.ts";

const working = `import time
def square(x):
    started = time.process_time()
    while time.process_time() - started < 0.25: pass
    return x * x`;

test("a program that waits for a processor is given that time, and one that sleeps is not", async (context) => {
  using place = await judgingPlace("bwrap", context);
  const limits = { ...testLimits, cpuSeconds: 5, wallSeconds: 1.2 };
  const others = Array.from({ length: availableParallelism() * 3 }, () =>
    spawn(process.execPath, ["-e", "for (;;);"], { stdio: "ignore" }),
  );
  try {
    const worked = await place.judge(square, working, { limits });
    expect(worked).toMatchObject({ verdict: "passed" });
    // Without what it was given it would have been too late.
    expect(worked.durationMs).toBeGreaterThan(1200);
    const slept = await place.judge(square, "import time\ndef square(x):\n    time.sleep(60)", { limits });
    expect(slept).toMatchObject({ verdict: "timeout" });
  } finally {
    for (const other of others) other.kill("SIGKILL");
  }
});
