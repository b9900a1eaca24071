import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Transcript } from "../../../bench/transcript/transcript.ts";
import { episodePage, episodeStyle, pairPage } from "../../../bench/view/episode/pages.ts";
import { hex } from "../../store/run-builder.ts";
import { chromiumPath, startBrowser } from "../browser.ts";
import {
  attemptKeyOf,
  sourceOf,
  stampsMs,
  writeRun,
  type WrittenEpisode,
  type WrittenRun,
} from "./episode-run.ts";

/** Pages of runs that want to harm their reader, in a real browser. */
const noBrowser = chromiumPath === null;

let scratch: string;
let browser: Browser | undefined;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "tollgate-hostile-"));
  if (!noBrowser) browser = await startBrowser();
});
afterAll(async () => {
  await browser?.close();
  await rm(scratch, { recursive: true, force: true });
});

const attack = [
  `<script>window.hit = 1</script>`,
  `"><img src=x onerror="window.hit = 1">`,
  `' onmouseover='window.hit = 1' x='`,
  `</pre></details></main></style></title><svg onload="window.hit = 1"></svg>`,
  `javascript:window.hit=1`,
  `{{constructor.constructor('window.hit = 1')()}}`,
  `\u202e\u2066\u0000\u001b[31m\u001b]8;;http://evil.test\u0007\u2028\ud800`,
  `<!--`,
].join(" ");

/** Every text of a run that somebody else may have written holds the attack. */
function hostileEpisode(arm: string): WrittenEpisode {
  const attemptKey = attemptKeyOf(hex(`c1-r0-${arm}`, 0));
  const requestId = `${attemptKey}-a1${attack}`;
  const usage = { promptTokens: 1, completionTokens: 1, cachedTokens: 0 };
  const transcript: Transcript = {
    system: attack,
    tools: JSON.stringify([{ type: "function", function: { name: attack } }]),
    messages: [
      { role: "user", content: attack, toolCalls: null, requestId: attack, usage: null },
      {
        role: "assistant",
        content: attack,
        reasoning: attack,
        toolCalls: [{ id: attack, name: attack, arguments: attack }],
        requestId,
        usage,
      },
      {
        role: "tool",
        toolCallId: attack,
        content: `${arm} ${attack}`,
        error: true,
        requestor: "assistant",
        answeredBy: "agent",
      },
      { role: "assistant", content: `${attack} ${arm}`, toolCalls: null, requestId: null, usage: null },
    ],
  };
  const timing = {
    requestId,
    finishReason: attack,
    error: attack,
    incomplete: attack,
    unreadable: { count: 1, first: attack },
    impossibleUsage: attack,
    sentAgain: { atNs: 1, error: attack },
  };
  return {
    arm,
    transcript,
    rewardInfo: { [attack]: [{ [attack]: attack, ok: false }], other: { [attack]: attack } },
    record: {
      domain: attack,
      taskId: attack,
      trial: 0,
      termination: attack,
      terminationDetail: attack,
      failure: { class: attack, message: attack },
      labels: [attack],
      agent: { name: attack, version: attack },
      rewardBasis: [attack],
      scores: [
        { name: attack, value: 1, passed: true },
        { name: attack, value: 0, passed: false },
      ],
    },
    recorded: {
      v: 1,
      level: "L2",
      recorder: attack,
      tokenizerSha256: attack,
      calls: [
        {
          interactionId: attack,
          requestId,
          parent: null,
          sharedTokens: 0,
          breakCause: attack,
          promptTail: [1],
          outputIds: [1],
          outputLogprobs: [-1],
          weightVersion: null,
          weights: [{ version: attack, start: 0, end: 1 }],
          finishReason: attack,
          reward: null,
        },
      ],
      dropped: [{ interactionId: attack, reason: attack }],
    },
    exchanges: [
      {
        timing: { ...timing, ...stampsMs(1, 2, 9), path: `/v1/chat/completions?${attack}` },
        request: JSON.stringify({ model: attack }),
        response: attack,
      },
      {
        timing: { ...timing, hop: "inner", ...stampsMs(2, 3, 8) },
        request: JSON.stringify({ model: `${attack}2`, [attack]: 1 }),
        response: `${attack}2`,
      },
    ],
    tools: [
      {
        toolCallId: null,
        name: attack,
        requestor: "assistant",
        error: true,
        receivedNs: 10e6,
        startedNs: 11e6,
        endedNs: 12e6,
      },
    ],
  };
}

/** Unfolds all, passes the mouse over all, and says what is there. */
const lookScript = String.raw`(() => {
  for (const details of document.querySelectorAll("details")) details.open = true;
  const elements = [...document.querySelectorAll("*")];
  for (const element of elements) element.dispatchEvent(new Event("mouseover"));
  const planted = ["IMG", "SVG", "IFRAME", "OBJECT", "BASE", "FORM"];
  const elsewhere = ({ protocol, host }) => protocol !== "http:" || host !== "view.test";
  return {
    hit: "hit" in window,
    planted: elements.filter(({ tagName }) => planted.includes(tagName.toUpperCase())).length,
    scripts: document.scripts.length,
    handlers: elements.flatMap(({ attributes }) => [...attributes].filter(({ name }) => name.startsWith("on"))).length,
    addresses: [...document.querySelectorAll("a")].filter(elsewhere).map(({ href }) => href),
    unseen: /[\u202e\u2066\u0000\u001b\u0007]/.test(document.documentElement.outerHTML),
    shown: document.body.textContent.includes("<script>window.hit = 1</script>"),
  };
})()`;

/** As the server of the view sends it. */
const policy =
  "default-src 'none'; script-src 'self'; style-src-elem 'self'; style-src-attr 'unsafe-inline'; img-src data:; connect-src 'self'";

interface Opened {
  readonly page: Page;
  /** What went wrong, was asked for, or was said in the console. */
  readonly noticed: string[];
}

async function open(body: string, size = { width: 1280, height: 900 }): Promise<Opened> {
  const page = await browser!.newPage({ viewport: size });
  const noticed: string[] = [];
  page.on("console", (message) => noticed.push(message.text()));
  page.on("pageerror", (error) => noticed.push(String(error)));
  page.on("dialog", (dialog) => noticed.push(dialog.message()));
  await page.route("**/*", async (route) => {
    const { pathname, hostname } = new URL(route.request().url());
    if (pathname === "/view.css") return await route.fulfill({ contentType: "text/css", body: episodeStyle });
    if (pathname === "/view.js") return await route.fulfill({ contentType: "text/javascript", body: "" });
    if (pathname === "/page")
      return await route.fulfill({
        contentType: "text/html; charset=utf-8",
        headers: { "content-security-policy": policy },
        body,
      });
    noticed.push(`asked for ${hostname}${pathname}`);
    return await route.abort();
  });
  await page.goto("http://view.test/page");
  return { page, noticed };
}

async function pagesOf(run: WrittenRun): Promise<readonly string[]> {
  const source = await sourceOf(await writeRun(scratch, run));
  const [first] = source.rows;
  const { episodeId, domain, taskId, trial, load, repetition } = first!;
  const pages = [
    await episodePage(source, episodeId),
    await episodePage(source, episodeId, new URLSearchParams({ message: "1" })),
    await episodePage(source, episodeId, new URLSearchParams({ request: "0" })),
    await pairPage(source, { domain, taskId, trial, load, repetition }),
  ];
  return pages.map((page) => page!);
}

test.skipIf(noBrowser)(
  "nothing of a run is carried out, loads anything, hides, or turns what is beside it",
  { timeout: 180_000 },
  async () => {
    const pages = await pagesOf({
      episodes: [hostileEpisode("raw"), hostileEpisode("gateway")],
      identity: { runId: "hostile" },
    });
    for (const html of pages) {
      const { page, noticed } = await open(html);
      const found = await page.evaluate(lookScript);
      expect(found).toEqual({
        hit: false,
        planted: 0,
        scripts: 1,
        handlers: 0,
        addresses: [],
        unseen: false,
        shown: true,
      });
      expect(noticed).toEqual([]);
      await page.close();
    }
  },
);

test.skipIf(noBrowser)(
  "200 turns, their results up to a megabyte, stay one page that a browser can hold, and all of a text can be read",
  { timeout: 120_000 },
  async () => {
    const attemptKey = attemptKeyOf(hex("c1-r0-raw", 0));
    const large = `begin ${"lorem ipsum 😀 ".repeat(66_000)} end`;
    const messages = Array.from({ length: 200 }, (_, turn): Transcript["messages"] => [
      { role: "user", content: `question ${turn}`, toolCalls: null, requestId: null, usage: null },
      {
        role: "assistant",
        content: null,
        toolCalls: [{ id: `c${turn}`, name: "find", arguments: "{}" }],
        requestId: `${attemptKey}-a${turn}`,
        usage: null,
      },
      {
        role: "tool",
        toolCallId: `c${turn}`,
        content: turn % 10 === 5 ? large : large.slice(0, 40_000),
        error: false,
        requestor: "assistant",
        answeredBy: "tool-server",
      },
    ]).flat();
    const exchanges = Array.from({ length: 200 }, (_, turn) => ({
      timing: { requestId: `${attemptKey}-a${turn}`, ...stampsMs(turn * 4, turn * 4 + 1, turn * 4 + 3) },
    }));
    const whole: WrittenEpisode = {
      arm: "raw",
      transcript: { system: "", tools: "[]", messages },
      exchanges,
    };
    const source = await sourceOf(
      await writeRun(scratch, { episodes: [whole], identity: { runId: "large" } }),
    );
    const [first] = source.rows;
    const html = (await episodePage(source, first!.episodeId)) ?? "";
    expect(html.length).toBeLessThan(8e6);
    const { page, noticed } = await open(html, { width: 400, height: 800 });
    expect(await page.locator("details.turn").count()).toBe(200);
    expect(await page.locator("details.turn[open]").count()).toBe(1);
    // A line for each turn, and those of the turn that is open.
    expect(await page.locator("#time .waterfall li").count()).toBe(200);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(400);
    expect(noticed).toEqual([]);
    await page.close();
    const link = /href="[^"]*(\?message=\d+)"/.exec(html)?.[1] ?? "";
    const text = (await episodePage(source, first!.episodeId, new URLSearchParams(link))) ?? "";
    expect(text).toContain("begin lorem");
    expect(text).toContain(" end</pre>");
  },
);

test("a text of ten megabytes is read a part at a time, each character once", async () => {
  const content = Array.from({ length: 1_100_000 }, (_, at) => `line ${at}\n`).join("");
  const transcript: Transcript = {
    system: "",
    tools: "[]",
    messages: [{ role: "user", content, toolCalls: null, requestId: null, usage: null }],
  };
  const source = await sourceOf(
    await writeRun(scratch, { episodes: [{ arm: "raw", transcript }], identity: { runId: "ten-megabytes" } }),
  );
  const { episodeId } = source.rows[0]!;
  let read = "";
  let search: string | undefined = "message=0";
  while (search !== undefined) {
    const html: string = (await episodePage(source, episodeId, new URLSearchParams(search))) ?? "";
    read += /<pre class="text" dir="auto">([^<]*)<\/pre>/.exec(html)?.[1] ?? "";
    search = /href="[^"]*\?(message=0&amp;from=\d+)"/.exec(html)?.[1]?.replace("&amp;", "&");
  }
  expect(read === content).toBe(true);
  expect(((await episodePage(source, episodeId)) ?? "").length).toBeLessThan(1e6);
});
