import type { Sandbox, SandboxFactory, SandboxRequest } from "../../../bench/sandbox/sandbox.ts";

/**
 * Sandboxes of which only so many are open at once; who asks for one more waits. Answers may come by the dozen, and programs that
 * share a processor with dozens of others would be judged by how much there is to do, and disturb what is measured meanwhile.
 */
export function inTurn(factory: SandboxFactory, atOnce: number): SandboxFactory {
  const waiting: (() => void)[] = [];
  let open = 0;
  const take = async () => {
    if (open >= atOnce) await new Promise<void>((resolve) => void waiting.push(resolve));
    else open++;
  };
  const give = () => {
    const next = waiting.shift();
    if (next === undefined) open--;
    else next();
  };
  const openOne = async (request: SandboxRequest): Promise<Sandbox> => {
    await take();
    try {
      return endingWith(await factory.open(request), give);
    } catch (thrown) {
      give();
      throw thrown;
    }
  };
  return { kind: factory.kind, facts: factory.facts, open: openOne };
}

/** @param after called once, when the sandbox is gone */
function endingWith(sandbox: Sandbox, after: () => void): Sandbox {
  let disposed: Promise<void> | undefined;
  const dispose = async () => {
    try {
      await sandbox[Symbol.asyncDispose]();
    } finally {
      after();
    }
  };
  return { ...sandbox, [Symbol.asyncDispose]: () => (disposed ??= dispose()) };
}
