import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { runInside } from "../inside.js";
import { Chromium } from "./chromium.js";
import { DevtoolsRelay } from "./devtools-relay.js";

/** The profile that OpenClaw's own description of the tool names. */
const profile = "openclaw";

/**
 * Not offered: they read or write files of the machine on which OpenClaw runs, where those of the sandbox are not found, or
 * look at that machine and its user's browsers.
 */
const withheld = new Set("profiles importprofile upload download waitfordownload pdf doctor".split(" "));

/** Names that lead nowhere but into the sandbox; OpenClaw asks this machine's resolver for others before it lets a page have them. */
const insideNames = ["localhost", "127.0.0.1", "::1"];

/** Of one look at a browser that another program leads to. */
const lookTimeoutMs = 15_000;

/**
 * OpenClaw's own browser tool, led to a Chromium in the session's sandbox: a page sees what a command of the agent sees.
 * OpenClaw's parts are those with which its cloud workers attach to a browser that is not theirs.
 */
export class SessionBrowser {
  /** For OpenClaw, as one of its own. */
  tool;
  #chromium;
  #relay;
  #stopBridge;
  #screenshots = 0;

  /**
   * @param {object} openclaw its browser control
   * @param {{key: string, workspace: {enter: object, directory: string, browser: {network: boolean}}}} session
   */
  static async open(openclaw, { key, workspace }) {
    const browser = new SessionBrowser();
    browser.#chromium = new Chromium(workspace);
    browser.#relay = new DevtoolsRelay(workspace, () => browser.#chromium.running);
    const cdpUrl = await browser.#relay.listen();
    const bridge = await openclaw.startBrowserBridgeServer({
      resolved: configOf(openclaw, { cdpUrl, network: workspace.browser.network }),
      authToken: randomBytes(32).toString("base64url"),
      onEnsureAttachTarget: async () => void (await browser.#chromium.port()),
    });
    browser.#stopBridge = async () => openclaw.stopBrowserBridgeServer(bridge.server);
    browser.tool = browser.#led(openclaw, { bridgeUrl: bridge.baseUrl, key, workspace });
    return browser;
  }

  #led(openclaw, { bridgeUrl, key, workspace }) {
    const options = {
      sandboxBridgeUrl: bridgeUrl,
      allowHostControl: false,
      agentSessionKey: `agent:main:${key}`,
      screenshotResultMode: "path",
      persistScreenshot: async ({ sourcePath, type }) =>
        keepInside(workspace, { sourcePath, type, number: (this.#screenshots += 1) }),
    };
    const { action, kind } = openclaw.createBrowserTool(options).parameters.properties;
    const tool = openclaw.createBrowserTool({
      ...options,
      toolCapabilities: {
        actions: action.enum.filter((name) => !withheld.has(name)),
        actKinds: kind.enum,
        tabBound: false,
      },
    });
    return {
      ...tool,
      execute: async (toolCallId, params, ...more) => {
        // Here: OpenClaw waits for its own parts less long than a cold start may take.
        await this.#chromium.port();
        const result = await tool.execute(toolCallId, here(params), ...more);
        return { ...result, content: result.content.map((part) => this.#shown(part)) };
      },
    };
  }

  #shown(part) {
    return part.type === "text" ? { ...part, text: this.#relay.withoutKey(part.text) } : part;
  }

  /** Chromium last: what speaks to it would take its end for a failure. */
  async close() {
    await this.#stopBridge?.();
    await this.#relay.close();
    await this.#chromium.close();
  }
}

/** There is one browser, and where the agent lives is the sandbox: tasks that say `host` mean it. */
function here({ target, ...params }) {
  return target === undefined || target === "host" ? params : { target, ...params };
}

function configOf({ resolveBrowserConfig }, { cdpUrl, network }) {
  const profiles = { [profile]: { driver: "openclaw", attachOnly: true, cdpUrl } };
  const resolved = resolveBrowserConfig({
    enabled: true,
    attachOnly: true,
    cdpUrl,
    defaultProfile: profile,
    profiles,
  });
  return {
    ...resolved,
    // It adds those of the machine's own browsers.
    profiles,
    extensionRelayPorts: {},
    extensionRelayInternalTokens: {},
    remoteCdpTimeoutMs: lookTimeoutMs,
    remoteCdpHandshakeTimeoutMs: lookTimeoutMs,
    ssrfPolicy: {
      dangerouslyAllowPrivateNetwork: true,
      ...(network ? {} : { hostnameAllowlist: insideNames }),
    },
  };
}

/** A picture lies in the sandbox, beside the workspace, where a command can look at it or take it. */
async function keepInside(workspace, { sourcePath, type, number }) {
  const name = `/tmp/screenshots/${number}.${type === "jpeg" ? "jpg" : "png"}`;
  await runInside(workspace, {
    script: 'mkdir -p /tmp/screenshots && cat > "$1"',
    args: [name],
    input: await readFile(sourcePath),
  });
  return name;
}
