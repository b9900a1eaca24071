import { withoutInherited } from "../descriptors.ts";
import { assignments, insideEnvironment } from "../inside-environment.ts";
import type { Holder } from "../holder.ts";
import type { EnterOptions, Invocation } from "../sandbox.ts";

/** What is the same for all commands of one sandbox that is made of namespaces. */
export interface NamespaceEntrance {
  readonly holder: Holder;
  /** The whole environment of the programs that lead inside. */
  readonly outerEnvironment: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
  /** True where the network is the machine's: it then has no namespace of its own to enter. */
  readonly network: boolean;
  /** Files of control groups that a command writes its number to before it enters. */
  readonly groups: readonly string[];
  /** Arguments of prlimit(1). */
  readonly processLimits: readonly string[];
}

/**
 * Before anything else a command joins its control groups. The sandbox's first process must still be the one that was
 * started: after its end the kernel gives the number to others.
 */
const outside = String.raw`${withoutInherited}
init=$1 started=$2 groups=$3
shift 3
umask 022
while [ "$groups" -gt 0 ]; do echo 0 >"$1" || exit 125; shift; groups=$((groups - 1)); done
if ! read -r stat 2>/dev/null </proc/"$init"/stat; then stat=; fi
case "$stat" in
*" $started "*) become "$@" ;;
*) echo "the sandbox has ended" >&2; exit 125 ;;
esac
`;

/**
 * `nsenter` waits for the command and ends as it did. Whoever has entered owns the user namespace until it becomes another
 * program; `setpriv` is that program, from inside, and nothing after it can gain a privilege again.
 */
export function enterNamespaces(
  entrance: NamespaceEntrance,
  command: readonly string[],
  options: EnterOptions = {},
): Invocation {
  const { holder, groups } = entrance;
  const environment = insideEnvironment({ ...entrance.environment, ...options.environment });
  return {
    file: "/bin/sh",
    environment: entrance.outerEnvironment,
    arguments: [
      "-c",
      outside,
      "sandbox",
      String(holder.initPid),
      String(holder.initStartTicks),
      String(groups.length),
      ...groups,
      ..."prlimit --core=0".split(" "),
      ...entrance.processLimits,
      ...`nsenter --target=${holder.initPid} --user --preserve-credentials`.split(" "),
      ..."--mount --pid --ipc --uts --cgroup".split(" "),
      ...(entrance.network ? [] : ["--net"]),
      ..."/usr/bin/setpriv --no-new-privs --inh-caps=-all --pdeathsig=KILL /usr/bin/env -i -C".split(" "),
      options.directory ?? "/workspace",
      ...assignments(environment),
      ...command,
    ],
  };
}
