import { isUtf8 } from "node:buffer";
import { z } from "zod";
import type { AgentWorkspace } from "../../../bench/agent/agent.ts";
import { runCommand } from "../../../bench/sandbox/command.ts";
import type { CommandOutcome } from "../../../bench/sandbox/sandbox.ts";
import type {
  EnvironmentCall,
  EnvironmentReply,
  ToolEnvironment,
  ToolSource,
} from "../../../bench/tools/tool-module.ts";

/** What the workload and its tools in a worker thread say to each other. */
export interface WorkspaceTools {
  readonly settings: { readonly offer: "all" | "none" };
  readonly attempt: AgentWorkspace;
  readonly opened: { readonly policy: string; readonly agentToolsJson: string };
  readonly request: null;
  readonly judgement: null;
}

/** The module's URL, for worker threads. */
export const workspaceToolsUrl = new URL(import.meta.url);

const word = z.string().default("");
const argumentsSchema = z.object({
  path: word,
  content: word,
  command: word,
  edits: z.array(z.object({ oldText: z.string().min(1), newText: z.string() })).default([]),
});
type Arguments = z.infer<typeof argumentsSchema>;

const text = { type: "string" };
const edit = {
  type: "object",
  properties: { oldText: text, newText: text },
  required: ["oldText", "newText"],
};
const tool = (name: string, description: string, properties: Record<string, object>) => ({
  type: "function",
  function: {
    name,
    description,
    parameters: { type: "object", properties, required: Object.keys(properties) },
  },
});
const tools = [
  tool("read", "Reads a file", { path: text }),
  tool("write", "Writes a file, and the folders that lead to it", { path: text, content: text }),
  tool("edit", "Replaces texts of a file, each of which must be in it once", {
    path: text,
    edits: { type: "array", items: edit },
  }),
  tool("exec", "Runs a shell command in the working folder", { command: text }),
];
export const workspaceToolNames = tools.map((one) => one.function.name);

/** A `ToolModule`: the tools of an agent that has none of its own, with the names that OpenClaw gives its. */
export function load({ offer }: WorkspaceTools["settings"]): ToolSource<WorkspaceTools> {
  return {
    open: (_taskId, workspace): ToolEnvironment<WorkspaceTools> => ({
      opened: { policy: "", agentToolsJson: offer === "all" ? JSON.stringify(tools) : "[]" },
      call: (call) => answer(workspace, call),
      hashes: () => ({ agentHash: "", userHash: null }),
      evaluate: () => null,
    }),
  };
}

async function answer(
  workspace: AgentWorkspace,
  { name, argumentsText }: EnvironmentCall,
): Promise<EnvironmentReply> {
  const given = argumentsSchema.safeParse(parsed(argumentsText));
  if (!given.success) return { content: `Error: ${z.prettifyError(given.error)}`, error: true };
  const { path, content, command } = given.data;
  switch (name) {
    case "read":
      return await inside(workspace, ["cat", "--", path]);
    case "write":
      return await write(workspace, path, content);
    case "edit":
      return await editFile(workspace, given.data);
    case "exec":
      return await inside(workspace, ["bash", "-c", command]);
    default:
      return { content: `Tool ${name} not found`, error: true };
  }
}

async function write(workspace: AgentWorkspace, path: string, content: string): Promise<EnvironmentReply> {
  const words = ["bash", "-c", 'mkdir -p "$(dirname "$1")" && cat > "$1"', "write", path];
  const reply = await inside(workspace, words, content);
  return reply.error
    ? reply
    : { content: `Wrote ${Buffer.byteLength(content)} bytes to ${path}`, error: false };
}

/** Only a file that was read whole, and as the text that it is, may be written back. */
async function editFile(workspace: AgentWorkspace, { path, edits }: Arguments): Promise<EnvironmentReply> {
  const file = await ran(workspace, ["cat", "--", path]);
  if (file.exitCode !== 0) return replyOf(file);
  const refused = (why: string): EnvironmentReply => ({ content: `Error: ${path} ${why}`, error: true });
  if (file.droppedBytes > 0) return refused(`is longer than ${outputBytesMax} bytes`);
  if (!isUtf8(file.stdout)) return refused("is no UTF-8 text");
  let changed = Buffer.from(file.stdout).toString();
  for (const { oldText, newText } of edits) {
    const parts = changed.split(oldText);
    if (parts.length !== 2) return refused(`has ${JSON.stringify(oldText)} ${parts.length - 1} times`);
    changed = parts.join(newText);
  }
  return await write(workspace, path, changed);
}

const outputBytesMax = 200_000;

async function inside(
  workspace: AgentWorkspace,
  words: readonly string[],
  input = "",
): Promise<EnvironmentReply> {
  return replyOf(await ran(workspace, words, input));
}

async function ran({ enter }: AgentWorkspace, words: readonly string[], input = ""): Promise<CommandOutcome> {
  return await runCommand(
    { ...enter, arguments: [...enter.arguments, ...words] },
    { timeoutMs: 600_000, outputBytesMax, input: Buffer.from(input) },
  );
}

function replyOf({ droppedBytes, exitCode, stdout, stderr }: CommandOutcome): EnvironmentReply {
  const output = Buffer.concat([stdout, stderr]).toString();
  const shown = droppedBytes === 0 ? output : `${output}\n(${droppedBytes} more bytes are not shown)`;
  if (exitCode === 0) return { content: shown, error: false };
  return { content: `${shown}\n(Command exited with code ${exitCode ?? "none"})`, error: true };
}

function parsed(argumentsText: string): unknown {
  try {
    return JSON.parse(argumentsText);
  } catch {
    return null; // The schema says what is wrong with it.
  }
}
