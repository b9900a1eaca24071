import { html } from "../html.ts";
import { viewPage } from "../page-frame.ts";

/** What is sent. */
export interface Answer {
  readonly status: number;
  readonly type: "text/html" | "text/css" | "text/javascript" | "text/plain";
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Of every answer: it is of no use to a page of somebody else, loads nothing from elsewhere, and is kept by no cache. */
export const safeHeaders: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src-elem 'self'; style-src-attr 'unsafe-inline'; img-src data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
};

/**
 * A stored report may come from another machine, so it runs as nobody: no request, no form, no access to the other pages, whatever
 * its scripts say. Its styles and scripts are in it.
 */
export const storedPagePolicy =
  "sandbox allow-scripts; default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'";

export function page(body: string, status = 200): Answer {
  return { status, type: "text/html", body };
}

/** What cannot be shown, as a page with a way back. */
export function messagePage(status: number, heading: string, message: string): Answer {
  return page(
    viewPage({
      title: heading,
      trail: [{ name: heading, address: "" }],
      body: html`<main>
        <h1>${heading}</h1>
        <p>${message}</p>
        <p><a href="/">The list of runs</a></p>
      </main>`,
    }),
    status,
  );
}
