import { outcomeOfNothing, runCommand } from "../command.ts";
import type { Sandbox, SandboxEnd, SandboxKind } from "../sandbox.ts";
import { enterNamespaces, type NamespaceEntrance } from "./enter.ts";

export interface NamespaceSandboxParts extends NamespaceEntrance {
  readonly kind: SandboxKind;
  /** Removes what was made for this sandbox alone; nothing inside runs any more then. */
  readonly tidy: () => Promise<void>;
}

/** A sandbox whose holder runs: commands enter the namespaces of its first process. */
export function namespaceSandbox(parts: NamespaceSandboxParts): Sandbox {
  const { holder } = parts;
  const ended = Promise.withResolvers<SandboxEnd>();
  let over: string | null = null;
  let disposed: Promise<void> | undefined;
  void holder.ended.then(() => {
    over ??= "the process that held it has ended";
    if (disposed === undefined) ended.resolve({ limit: null, message: `The sandbox is gone: ${over}.` });
  });
  const dispose = async () => {
    over ??= "its owner has ended it";
    await holder[Symbol.asyncDispose]();
    await parts.tidy();
  };
  return {
    kind: parts.kind,
    directory: "/workspace",
    enter: (command, options) => enterNamespaces(parts, command, options),
    run: async (command, options) =>
      over === null
        ? runCommand(enterNamespaces(parts, command, options), options, "leader-last")
        : outcomeOfNothing(`the sandbox is gone: ${over}`),
    ended: ended.promise,
    [Symbol.asyncDispose]: () => (disposed ??= dispose()),
  };
}
