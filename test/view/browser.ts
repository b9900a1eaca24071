import { existsSync } from "node:fs";
import { chromium, type Browser, type Page } from "playwright-core";

/** Debian's Chromium; null where there is none. */
export const chromiumPath =
  ["chromium", "chromium-browser", "google-chrome"]
    .map((name) => `/usr/bin/${name}`)
    .find((path) => existsSync(path)) ?? null;

/** Without these the browser itself calls out, or wants a GPU. */
const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export async function startBrowser(): Promise<Browser> {
  if (chromiumPath === null) throw new Error("there is no Chromium on this machine");
  return await chromium.launch({ executablePath: chromiumPath, args: flags });
}

/** A page, what it asks for and what it complains about: a policy that forbids something says so there. */
export interface WatchedPage extends AsyncDisposable {
  readonly page: Page;
  readonly requested: readonly string[];
  readonly complaints: readonly string[];
}

export async function openPage(
  browser: Browser,
  url: string,
  look: { readonly width?: number; readonly colorScheme?: "light" | "dark" } = {},
): Promise<WatchedPage> {
  const { width = 1280, colorScheme = "light" } = look;
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
  const page = await context.newPage();
  const [requested, complaints]: [string[], string[]] = [[], []];
  page.on("request", (request) => void requested.push(request.url()));
  page.on("console", (message) => void complaints.push(message.text()));
  page.on("pageerror", (error) => void complaints.push(error.message));
  page.on("dialog", (dialog) => {
    complaints.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto(url);
  return { page, requested, complaints, [Symbol.asyncDispose]: () => context.close() };
}
