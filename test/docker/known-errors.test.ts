import { expect, test } from "vitest";
import { DockerError } from "../../bench/docker/docker-command.ts";
import { adviceFor, exitText, explainRefusal } from "../../bench/docker/known-errors.ts";
import { runningContainer } from "../stack/docker/docker-facts.ts";

const refused = (reason: string) => new DockerError("x", { refused: true, reason });

test.each([
  [
    'could not select device driver "" with capabilities: [[gpu]]',
    /no GPU runtime.*nvidia-container-toolkit/,
  ],
  ["nvidia-container-cli: device error: 9: unknown device", /a GPU of that id does not exist/],
  ["nvidia-container-cli: requirement error: unsatisfied condition: cuda>=12.8", /a newer NVIDIA driver/],
  ["nvidia-container-cli: initialization error", /NVIDIA's container runtime failed/],
  ["error setting rlimit type 8: operation not permitted", /may not raise a limit/],
  ["write /x: no space left on device", /the disk of Docker is full/],
])("a refusal says what to change and keeps Docker's words: %s", (reason, advice) => {
  const explained = explainRefusal("agent engine", refused(reason)) as Error;
  expect(explained.message).toMatch(advice);
  expect(explained.message).toContain(`Docker said: ${reason}`);
});

test("a refusal of an unknown kind is told as it is, and a daemon that is not there is no refusal", () => {
  expect((explainRefusal("agent engine", refused("odd")) as Error).message).toBe(
    "agent engine was not started: odd",
  );
  const gone = new DockerError("gone", { refused: false, reason: "no such file" });
  expect(explainRefusal("agent engine", gone)).toBe(gone);
});

test.each([
  ["torch.OutOfMemoryError: CUDA out of memory", /GPU memory is too small/],
  ["OSError: [Errno 98] Address already in use", /a port is taken/],
  ["RuntimeError: CUDA error: no kernel image is available for execution", /driver do not match/],
  ["Cannot access gated repo for url", /the model is not there.*HF_TOKEN/],
  ["launch_server.py: error: unrecognized arguments: --x", /does not know a flag/],
])("the end of a server's log says why it ended: %s", (log, advice) => {
  expect(adviceFor({ outOfMemory: false }, `starting\n${log}\nTraceback`)).toMatch(advice);
});

test("the kernel's word about memory goes before what the log says; an unknown end has no advice", () => {
  expect(adviceFor({ outOfMemory: true }, "Address already in use")).toMatch(/memory limit/);
  expect(adviceFor({ outOfMemory: false }, "bye")).toBeNull();
});

test("how a container ended, in words", () => {
  const ended = (facts: object) => exitText(runningContainer({ running: false, exitCode: 137, ...facts }));
  expect(ended({})).toBe("code 137, killed");
  expect(ended({ outOfMemory: true })).toBe("code 137, out of memory");
  expect(ended({ exitCode: null, error: "no such runtime" })).toBe("no exit code, no such runtime");
});
