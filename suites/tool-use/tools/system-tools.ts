import type { AgentWorkspace } from "../../../bench/agent/agent.ts";
import type { EnvironmentReply } from "../../../bench/tools/tool-module.ts";
import type { ArgumentsOf } from "./arguments.ts";
import { failed, runInside, runScript } from "./run-inside.ts";

type Place = Pick<AgentWorkspace, "enter">;

/**
 * Processes of the case, an id and a name a line: those that the case has started carry their name in a variable, and work in
 * its folder. Others, of the sandbox or of this machine where there is none, are nobody's business. One that has ended and that
 * nobody has waited for (state Z) does not run. What ends meanwhile is no error.
 */
export const listingScript = [
  "{ for p in /proc/[0-9]*; do",
  'n=$(tr "\\0" "\\n" <"$p/environ" | sed -n "s/^TOOL_USE_PROCESS=//p")',
  '[ -n "$n" ] && [ "$(readlink "$p/cwd")" = "$PWD" ] || continue',
  's=$(sed "s/.*) //" "$p/stat" | cut -c1)',
  '[ -n "$s" ] && [ "$s" != Z ] && echo "${p#/proc/} $n"',
  "done; } 2>/dev/null; true",
].join("\n");

export const systemTools = {
  run_command: (place: Place, { command, timeout_seconds }: ArgumentsOf<"run_command">) =>
    runInside(place, ["bash", "-c", command], { timeoutMs: timeout_seconds * 1000 }),
  get_variable: async (place: Place, { name }: ArgumentsOf<"get_variable">): Promise<EnvironmentReply> => {
    const reply = await runScript(place, 'printenv -- "$1"', { words: [name] });
    return reply.error ? failed(`There is no environment variable ${name}`) : reply;
  },
  list_processes: async (place: Place): Promise<EnvironmentReply> => {
    const names = (await running(place)).map(({ name }) => name);
    return { content: names.length === 0 ? "No process runs" : names.join("\n"), error: false };
  },
  stop_process: async (place: Place, { name }: ArgumentsOf<"stop_process">): Promise<EnvironmentReply> => {
    const ids = (await running(place)).flatMap((one) => (one.name === name ? [one.id] : []));
    if (ids.length === 0) return failed(`There is no process ${name}`);
    const reply = await runInside(place, ["kill", "-KILL", ...ids]);
    return reply.error ? reply : { content: `Stopped ${name}`, error: false };
  },
};

async function running(place: Place) {
  const { content } = await runScript(place, listingScript, { words: [] });
  return content.split("\n").flatMap((line) => {
    const [id = "", name] = line.split(" ", 2);
    return name === undefined ? [] : [{ id, name }];
  });
}
