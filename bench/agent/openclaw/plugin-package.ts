import { cp, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { pluginName, providerName } from "./gateway-config.ts";

/** What the plugin must know about the run, beside its own source. */
export interface PluginRun {
  readonly fleetToken: string;
  /** Unix socket paths or `host:port` of the tool workers. */
  readonly toolSockets: readonly string[];
  /** Union of the tool names of all sessions. */
  readonly toolNames: readonly string[];
  /** OpenClaw's own tools, for sessions with a workspace. */
  readonly ownTools: readonly string[];
  /** OpenClaw's browser control, by its URL; loaded by the first session with a browser. */
  readonly browserModule: string;
}

/**
 * Writes the plugin's folder for one run. OpenClaw's plugin manifest is static and must list every tool, so the folder
 * is made anew for each run from the source in `plugin/`.
 */
export async function writePlugin(directory: string, run: PluginRun): Promise<void> {
  await mkdir(directory, { recursive: true });
  await cp(fileURLToPath(new URL("./plugin/", import.meta.url)), directory, { recursive: true });
  const files = {
    "package.json": {
      name: "tollgate-plugin",
      version: "0.0.1",
      type: "module",
      private: true,
      openclaw: { extensions: ["./index.js"] },
    },
    "openclaw.plugin.json": {
      id: pluginName,
      name: "Tollgate",
      description: "Routes tools and model requests of benchmark sessions",
      version: "0.0.1",
      categories: ["other"],
      // Of its own tools OpenClaw leaves the browser to plugins.
      contracts: { tools: [...run.toolNames, ...run.ownTools.filter((name) => name === "browser")] },
      activation: { onStartup: true },
      providers: [providerName],
      configSchema: { type: "object", additionalProperties: true, properties: {} },
    },
    "run.json": { ...run, provider: providerName },
  };
  for (const [name, content] of Object.entries(files)) {
    await writeFile(path.join(directory, name), JSON.stringify(content), { mode: 0o600 });
  }
}
