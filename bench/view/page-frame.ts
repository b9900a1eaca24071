import { html, type Html } from "./html.ts";

/** A page of the view. */
export interface ViewPage {
  readonly title: string;
  /** The way to this page, the list of runs left out: what it is called, and its address; the last one is this page. */
  readonly trail: readonly { readonly name: string; readonly address: string }[];
  readonly body: Html;
  /**
   * Where the page hears that the run has gone on (`eventsAddress`); null where nothing on it can change. The script then asks for the
   * page again and puts the new content into every element with `data-live` and an id: forms and what is unfolded elsewhere stay.
   */
  readonly events?: string | null;
}

/**
 * A whole page. It loads one style sheet and one script of this server and nothing else: the policy that it is sent with forbids
 * scripts, `<style>`, `onclick` and the like in the page itself; `style="..."` is allowed.
 */
export function viewPage({ title, trail, body, events = null }: ViewPage): string {
  const steps = [{ name: "Runs", address: "/" }, ...trail].map(({ name, address }, at, { length }) =>
    at === length - 1
      ? html`<span aria-current="page">${name}</span>`
      : html`<a href="${address}">${name}</a><span class="step" aria-hidden="true">›</span>`,
  );
  const listens = events === null ? null : html` data-events="${events}"`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/view.css">
<script src="/view.js" defer></script>
</head>
<body${listens}>
${trail.length === 0 ? null : html`<nav class="trail" aria-label="Where you are">${steps}</nav>`}
${body}
</body>
</html>
`.text;
}
