import { expect, test } from "vitest";
import type { Sandbox, SandboxFactory, SandboxRequest } from "../../../../bench/sandbox/sandbox.ts";
import { inTurn } from "../../../../suites/code/execution/in-turn.ts";

const request = (name: string): SandboxRequest => ({
  name,
  workspace: "/",
  readOnly: [],
  network: false,
  limits: { processes: 1, memoryBytes: 1, fileBytes: 1, diskBytes: 1 },
  environment: {},
});

/** Opens nothing and counts. A request named `bad` fails. */
function counting() {
  const count = { open: 0, most: 0 };
  const open = async ({ name }: SandboxRequest): Promise<Sandbox> => {
    if (name === "bad") throw new Error("no");
    count.open++;
    count.most = Math.max(count.most, count.open);
    return {
      kind: "none",
      directory: "/",
      enter: () => expect.fail("nothing is entered"),
      run: () => expect.fail("nothing is run"),
      ended: new Promise(() => undefined),
      limitsReached: () => [],
      [Symbol.asyncDispose]: async () => void count.open--,
    };
  };
  const factory: SandboxFactory = { kind: "none", facts: {}, open };
  return { factory, count };
}

test("no more sandboxes are open at once than may be, and all come to their turn", async () => {
  const { factory, count } = counting();
  const limited = inTurn(factory, 3);
  const names = Array.from({ length: 20 }, (_, at) => (at % 5 === 4 ? "bad" : `s${at}`));
  const ends = await Promise.allSettled(
    names.map(async (name) => {
      await using sandbox = await limited.open(request(name));
      await new Promise((resolve) => setTimeout(resolve, 1));
      return sandbox.kind;
    }),
  );
  expect(ends.filter(({ status }) => status === "fulfilled")).toHaveLength(16);
  expect(count).toEqual({ open: 0, most: 3 });
});

test("a place that is disposed of twice is given back once", async () => {
  const { factory, count } = counting();
  const limited = inTurn(factory, 1);
  const first = await limited.open(request("first"));
  await Promise.all([first[Symbol.asyncDispose](), first[Symbol.asyncDispose]()]);
  const second = await limited.open(request("second"));
  let third = false;
  const waits = limited.open(request("third")).then(() => (third = true));
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect([third, count.open]).toEqual([false, 1]);
  await second[Symbol.asyncDispose]();
  await waits;
  expect(count).toEqual({ open: 1, most: 1 });
});
