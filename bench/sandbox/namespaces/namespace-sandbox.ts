import { outcomeOfNothing, runCommand } from "../command.ts";
import type { Holder } from "../holder.ts";
import type { SandboxGroup } from "../limits/cgroup.ts";
import type { LimitKeeping } from "../limits/keep-limits.ts";
import { reachedLimits } from "../limits/cgroup.ts";
import { watchLimits } from "../limits/watch.ts";
import type { Sandbox, SandboxEnd, SandboxKind, SandboxRequest } from "../sandbox.ts";
import { enterNamespaces, type NamespaceEntrance } from "./enter.ts";

export interface NamespaceSandboxParts {
  readonly kind: SandboxKind;
  readonly request: SandboxRequest;
  readonly keeping: LimitKeeping;
  readonly outerEnvironment: Readonly<Record<string, string>>;
  /** Starts what holds it. Throws StartError. */
  readonly start: () => Promise<Holder>;
  /** Removes what was made for this sandbox alone; nothing inside runs any more then. */
  readonly tidy: () => Promise<void>;
}

/** Starts a sandbox that is made of namespaces: commands enter those of its first process, and its control group. */
export async function openNamespaces(parts: NamespaceSandboxParts): Promise<Sandbox> {
  const { keeping, request, tidy } = parts;
  let group: SandboxGroup | null = null;
  try {
    group = keeping.group(request.name, request.limits);
    const holder = await parts.start();
    const entrance = {
      holder,
      outerEnvironment: parts.outerEnvironment,
      environment: request.environment,
      network: request.network,
      groups: group?.joinFiles ?? [],
      processLimits: keeping.processLimits(request.limits),
    };
    return heldSandbox(parts, entrance, group);
  } catch (thrown) {
    await group?.remove();
    await tidy();
    throw thrown;
  }
}

function heldSandbox(
  { kind, request, keeping, tidy }: NamespaceSandboxParts,
  entrance: NamespaceEntrance,
  group: SandboxGroup | null,
): Sandbox {
  const { holder } = entrance;
  const ended = Promise.withResolvers<SandboxEnd>();
  const watching = new AbortController();
  let over: string | null = null;
  const endBecause = ({ limit, message }: SandboxEnd) => {
    if (over !== null) return;
    over = message;
    ended.resolve({ limit, message: `The sandbox ${request.name} was ended: ${message}.` });
    holder.kill();
  };
  void holder.ended.then(() => {
    watching.abort();
    const isMemory = reachedLimits(entrance.groups).includes("memory");
    endBecause({ limit: isMemory ? "memory" : null, message: "the process that held it has ended" });
  });
  const root = `/proc/${holder.initPid}/root`;
  const watched = watchLimits(
    {
      workspace: request.workspace,
      limits: request.limits,
      memoryFolders: [`${root}/tmp`, `${root}/dev/shm`],
      initPid: keeping.watchUse ? holder.initPid : null,
    },
    watching.signal,
  ).then((end) => end !== null && endBecause(end));
  const dispose = async () => {
    over ??= "its owner has ended it";
    watching.abort();
    await holder[Symbol.asyncDispose]();
    await watched;
    await group?.remove();
    await tidy();
  };
  let disposed: Promise<void> | undefined;
  return {
    kind,
    directory: "/workspace",
    enter: (command, options) => enterNamespaces(entrance, command, options),
    run: async (command, options) =>
      over === null
        ? runCommand(enterNamespaces(entrance, command, options), options, "leader-last")
        : outcomeOfNothing(`the sandbox is gone: ${over}`),
    ended: ended.promise,
    limitsReached: () => reachedLimits(entrance.groups),
    [Symbol.asyncDispose]: () => (disposed ??= dispose()),
  };
}
