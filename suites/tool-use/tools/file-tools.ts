import type { AgentWorkspace } from "../../../bench/agent/agent.ts";
import type { EnvironmentReply } from "../../../bench/tools/tool-module.ts";
import type { ArgumentsOf } from "./arguments.ts";
import { runScript } from "./run-inside.ts";

type Place = Pick<AgentWorkspace, "enter">;

export const fileTools = {
  list_folder: (place: Place, { path }: ArgumentsOf<"list_folder">) =>
    runScript(place, 'cd -- "$1" && LC_ALL=C ls -Ap', { words: [path] }),
  read_file: (place: Place, { path }: ArgumentsOf<"read_file">) =>
    runScript(place, 'cat -- "$1"', { words: [path] }),
  write_file: (place: Place, { path, content }: ArgumentsOf<"write_file">) =>
    done(
      runScript(place, 'mkdir -p -- "$(dirname -- "$1")" && cat > "$1"', { words: [path], input: content }),
      `Wrote ${Buffer.byteLength(content)} bytes to ${path}`,
    ),
  append_to_file: (place: Place, { path, content }: ArgumentsOf<"append_to_file">) =>
    done(
      runScript(place, '[ -f "$1" ] || { echo "$1: no such file" >&2; exit 1; }; cat >> "$1"', {
        words: [path],
        input: content,
      }),
      `Added ${Buffer.byteLength(content)} bytes to ${path}`,
    ),
  move_file: (place: Place, { from, to }: ArgumentsOf<"move_file">) =>
    done(
      runScript(place, `${toFreeName} && mv -n -- "$1" "$2"`, { words: [from, to] }),
      `Moved ${from} to ${to}`,
    ),
  copy_file: (place: Place, { from, to }: ArgumentsOf<"copy_file">) =>
    done(
      runScript(place, `${toFreeName} && cp -n -- "$1" "$2"`, { words: [from, to] }),
      `Copied ${from} to ${to}`,
    ),
  delete_file: (place: Place, { path }: ArgumentsOf<"delete_file">) =>
    done(runScript(place, 'rm -- "$1"', { words: [path] }), `Deleted ${path}`),
  find_files: (place: Place, { pattern, folder }: ArgumentsOf<"find_files">) =>
    runScript(place, 'cd -- "$2" && find . -type f -name "$1" | sed "s|^\\./||" | LC_ALL=C sort', {
      words: [pattern, folder],
    }),
  search_text: (place: Place, { text, folder }: ArgumentsOf<"search_text">) =>
    runScript(
      place,
      'cd -- "$2" && { grep -rnFI -e "$1" . || [ $? -eq 1 ]; } | sed "s|^\\./||" | LC_ALL=C sort',
      { words: [text, folder] },
    ),
};

const toFreeName =
  '[ -f "$1" ] || { echo "$1: no such file" >&2; exit 1; }; [ ! -e "$2" ] || { echo "$2: is there already" >&2; exit 1; }; mkdir -p -- "$(dirname -- "$2")"';

async function done(running: Promise<EnvironmentReply>, said: string): Promise<EnvironmentReply> {
  const reply = await running;
  return reply.error ? reply : { content: said, error: false };
}
