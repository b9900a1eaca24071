import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pageStyle } from "../../../bench/report/formats/page-style.ts";
import type { Transcript } from "../../../bench/transcript/transcript.ts";
import { episodePage, episodeStyle, pairPage } from "../../../bench/view/episode/pages.ts";
import { viewStyle } from "../../../bench/view/look/style.ts";
import { hex } from "../../store/run-builder.ts";
import { chromiumPath, startBrowser } from "../browser.ts";
import { attemptKeyOf, sourceOf, stampsMs, writeRun, type WrittenEpisode } from "./episode-run.ts";

/** Pages of episodes as they are seen: on a telephone and on a wide screen, by day and by night. */
let scratch: string;
let browser: Browser | undefined;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "tollgate-look-"));
  if (chromiumPath !== null) browser = await startBrowser();
});
afterAll(async () => {
  await browser?.close();
  await rm(scratch, { recursive: true, force: true });
});

/** Something of everything that has a colour: a failed tool, an altered request, a repeated one, recorded tokens, hidden characters. */
function colourful(arm: string): WrittenEpisode {
  const attemptKey = attemptKeyOf(hex(`c1-r0-${arm}`, 0));
  const requestId = `${attemptKey}-a1`;
  const usage = { promptTokens: 10, completionTokens: 2, cachedTokens: 0 };
  const long = "a_name_without_any_place_to_break_it_".repeat(12);
  const transcript: Transcript = {
    system: "s".repeat(900),
    tools: "[]",
    messages: [
      { role: "user", content: `hidden \u202e ${long}`, toolCalls: null, requestId: null, usage: null },
      {
        role: "assistant",
        content: "looking",
        reasoning: "hm",
        toolCalls: [{ id: "c1", name: long, arguments: `{"x": "${long}"}` }],
        requestId,
        usage,
      },
      {
        role: "tool",
        toolCallId: "c1",
        content: "Error: none",
        error: true,
        requestor: "assistant",
        answeredBy: "tool-server",
      },
      { role: "assistant", content: `${arm} says so`, toolCalls: null, requestId: null, usage },
    ],
  };
  return {
    arm,
    transcript,
    rewardInfo: {
      checks: [
        { met: true, what: long },
        { met: false, what: "b" },
      ],
    },
    record: {
      reward: 0,
      failure: { class: "engine", message: long },
      status: "failed",
      labels: ["model-retried"],
    },
    recorded: {
      v: 1,
      level: "L1",
      recorder: "tollgate",
      tokenizerSha256: null,
      dropped: [],
      calls: [
        {
          interactionId: "i",
          requestId,
          parent: null,
          sharedTokens: 0,
          breakCause: null,
          promptTail: [1],
          outputIds: [1, 2, 3, 4],
          outputLogprobs: [-0.01, -0.5, -1.5, -6],
          weightVersion: null,
          finishReason: "stop",
          reward: null,
        },
      ],
    },
    exchanges: [
      {
        timing: { requestId, ...stampsMs(1, 20, 60) },
        request: '{"model":"m","temperature":0}',
        response: "{}",
      },
      { timing: { requestId, hop: "inner", ...stampsMs(2, 3, 8), status: 500 } },
      {
        timing: { requestId, hop: "inner", ...stampsMs(10, 18, 58) },
        request: '{"model":"m","temperature":1}',
        response: "{}",
      },
    ],
    tools: [
      {
        toolCallId: "c1",
        name: long,
        requestor: "assistant",
        error: true,
        receivedNs: 62e6,
        startedNs: 64e6,
        endedNs: 90e6,
      },
    ],
  };
}

/**
 * Texts that are hard to read: less than 4.5 between their colour and what they stand on (WCAG AA; 3 for large ones), and the width that
 * the page takes. Translucent grounds are laid over each other.
 */
const readingScript = String.raw`(() => {
  for (const details of document.querySelectorAll("details")) details.open = true;
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const paint = (colours) => {
    context.clearRect(0, 0, 1, 1);
    for (const colour of colours) { context.fillStyle = colour; context.fillRect(0, 0, 1, 1); }
    return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const hard = new Set();
  let read = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (walker.currentNode.textContent.trim() === "" || element.closest(".hidden") !== null) continue;
    const grounds = [];
    for (let at = element; at !== null; at = at.parentElement) grounds.unshift(getComputedStyle(at).backgroundColor);
    const style = getComputedStyle(element);
    const [ink, ground] = [light(paint([...grounds, style.color])), light(paint(grounds))];
    const ratio = (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 700);
    read += 1;
    if (ratio < (large ? 3 : 4.5)) hard.add(element.tagName + "." + element.className + " " + ratio.toFixed(2));
  }
  return { hard: [...hard], read, width: document.documentElement.scrollWidth };
})()`;

const looks = [400, 1600].flatMap((width) =>
  (["light", "dark"] as const).map((scheme) => [width, scheme] as const),
);

test.skipIf(chromiumPath === null).each(looks)(
  "at %d px, %s: every text can be read, and nothing is wider than the page",
  { timeout: 180_000 },
  async (width, colorScheme) => {
    const directory = await writeRun(scratch, {
      episodes: [colourful("raw"), colourful("gateway")],
      identity: { runId: `look-${width}-${colorScheme}` },
    });
    const source = await sourceOf(directory);
    const row = source.rows[1]!;
    const pages = [
      await episodePage(source, row.episodeId),
      await episodePage(source, row.episodeId, new URLSearchParams({ request: "0" })),
      await pairPage(source, row),
    ];
    const page = await browser!.newPage({ viewport: { width, height: 900 }, colorScheme });
    for (const html of pages) {
      const styled = (html ?? "").replace(
        '<link rel="stylesheet" href="/view.css">',
        `<style>${pageStyle}${viewStyle}${episodeStyle}</style>`,
      );
      await page.setContent(styled.replace('<script src="/view.js" defer></script>', ""));
      const seen = await page.evaluate<{ hard: string[]; read: number; width: number }>(readingScript);
      expect(seen.hard).toEqual([]);
      expect(seen.width).toBeLessThanOrEqual(width);
      expect(seen.read).toBeGreaterThan(10);
    }
    await page.close();
  },
);
