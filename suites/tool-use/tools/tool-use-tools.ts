import { z } from "zod";
import type { AgentWorkspace } from "../../../bench/agent/agent.ts";
import type {
  EnvironmentCall,
  EnvironmentReply,
  ToolEnvironment,
  ToolSource,
} from "../../../bench/tools/tool-module.ts";
import type { DeclaredTool, Fault } from "../contract/case.ts";
import { argumentSchemas } from "./arguments.ts";
import { definitionsOf } from "./definitions.ts";
import { fileTools } from "./file-tools.ts";
import { failed, runInside } from "./run-inside.ts";
import { shopTools, type ShopAddress } from "./shop-tools.ts";
import { systemTools } from "./system-tools.ts";

/** What the workload and its tools in a worker thread say to each other. */
export interface ToolUseTools {
  readonly settings: { readonly declared: readonly DeclaredTool[] };
  readonly attempt: ToolUsePlace;
  readonly opened: { readonly policy: string; readonly agentToolsJson: string };
  readonly request: null;
  readonly judgement: null;
}

/** Where an attempt's tools work. */
export interface ToolUsePlace {
  readonly workspace: Pick<AgentWorkspace, "enter">;
  readonly shop: ShopAddress;
  readonly faults: readonly Fault[];
}

/** The module's URL, for worker threads. */
export const toolUseToolsUrl = new URL(import.meta.url);

/** A `ToolModule`: our tools and those of a file of cases, with the errors of a case in their place. */
export function load({ declared }: ToolUseTools["settings"]): ToolSource<ToolUseTools> {
  const agentToolsJson = JSON.stringify(definitionsOf(declared));
  return {
    open: (_taskId, place): ToolEnvironment<ToolUseTools> => {
      const counts = new Map<string, number>();
      return {
        opened: { policy: "", agentToolsJson },
        call: async (call) => {
          const number = (counts.get(call.name) ?? 0) + 1;
          counts.set(call.name, number);
          const fault = place.faults.find(
            ({ tool, calls }) => tool === call.name && (calls === null || calls.includes(number)),
          );
          return fault === undefined ? await execute(place, call, declared) : failed(fault.content);
        },
        hashes: () => ({ agentHash: "", userHash: null }),
        evaluate: () => null,
      };
    },
  };
}

type Tool<Place> = (place: Place, values: never) => Promise<EnvironmentReply>;

async function execute(
  { workspace, shop }: ToolUsePlace,
  { name, argumentsText }: EnvironmentCall,
  declared: readonly DeclaredTool[],
): Promise<EnvironmentReply> {
  const own = declared.find((tool) => tool.name === name);
  if (own !== undefined) return await runInside(workspace, ["bash", "-c", own.run], { input: argumentsText });
  if (!Object.hasOwn(argumentSchemas, name)) return failed(`There is no tool ${name}`);
  const schema: z.ZodType = argumentSchemas[name as keyof typeof argumentSchemas];
  const given = schema.safeParse(parsed(argumentsText));
  if (!given.success) return failed(`Wrong arguments:\n${z.prettifyError(given.error)}`);
  const values = given.data as never;
  const inside: Readonly<Record<string, Tool<ToolUsePlace["workspace"]>>> = { ...fileTools, ...systemTools };
  const outside: Readonly<Record<string, Tool<ShopAddress>>> = shopTools;
  return (
    (await inside[name]?.(workspace, values)) ??
    (await outside[name]?.(shop, values)) ??
    failed(`There is no tool ${name}`)
  );
}

function parsed(argumentsText: string): unknown {
  try {
    return JSON.parse(argumentsText);
  } catch {
    return null; // The schema says what is wrong with it.
  }
}
