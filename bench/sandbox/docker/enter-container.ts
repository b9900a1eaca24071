import { withoutInherited } from "../descriptors.ts";
import { assignments, insideEnvironment } from "../inside-environment.ts";
import type { EnterOptions, Invocation } from "../sandbox.ts";

/** Where pipes of the machine's side are seen inside. */
export const lifelines = "/run/tollgate";

/**
 * The engine does not end a command whose client has ended, so the client holds a pipe open for as long as it lives, and
 * inside somebody reads it and ends the command when it closes.
 */
const outside = String.raw`${withoutInherited}
line=$1/$$
mkfifo -m 600 "$line" || exit 125
shift
become sh -c 'line=$0; exec 9<>"$line"; exec env "TOLLGATE_LINE=$$" "$@"' "$line" "$@"
`;

const inside = String.raw`
line=$1/$TOLLGATE_LINE
shift
unset TOLLGATE_LINE HOSTNAME
exec 7<&0 8<"$line"
setsid "$@" <&7 7<&- 8<&- &
command=$!
( read -r gone <&8; kill -KILL -"$command" ) </dev/null >/dev/null 2>&1 7<&- &
exec 7<&- 8<&- </dev/null
wait "$command"
code=$?
kill $! 2>/dev/null
exit $code
`;

/** Beside its exit code a container tells no signal: 137 is what the shell makes of SIGKILL. */
export function enterContainer(
  container: {
    readonly name: string;
    readonly lines: string;
    readonly environment: Readonly<Record<string, string>>;
  },
  command: readonly string[],
  options: EnterOptions,
): Invocation {
  // Programs of an image lie where the image's own PATH says.
  const { PATH: _path, ...environment } = insideEnvironment({});
  const given = { ...environment, ...options.environment };
  return {
    file: "/bin/sh",
    environment: container.environment,
    arguments: [
      "-c",
      outside,
      "sandbox",
      container.lines,
      ..."docker exec --interactive --env TOLLGATE_LINE --workdir".split(" "),
      options.directory ?? "/workspace",
      ...assignments(given).flatMap((assignment) => ["--env", assignment]),
      container.name,
      "sh",
      "-c",
      inside,
      "sandbox",
      lifelines,
      ...command,
    ],
  };
}
