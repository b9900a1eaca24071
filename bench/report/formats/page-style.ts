/**
 * The look of every page that Tollgate makes: light and dark as the reader's system has it, from 400 to 1600 pixels and on paper. It
 * loads nothing.
 */
export const pageStyle = `
:root { color-scheme: light dark; --ink: #1d1d1f; --soft: #66666b; --line: #d8d8dc; --paper: #ffffff; --wash: #f4f4f6;
  --good: #1f6f35; --bad: #b3261e; --doubt: #8a5a00;
  --s0: #0b5fa5; --s1: #c2500a; --s2: #2c7a3f; --s3: #8a3fa0; --s4: #7a6a00; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #ececee; --soft: #a2a2a8; --line: #3a3a3f; --paper: #17171a; --wash: #212125;
    --good: #7ccf92; --bad: #ff8a80; --doubt: #e0b34d;
    --s0: #6db3f2; --s1: #ff9d5c; --s2: #77cc8c; --s3: #d29be6; --s4: #d9c74a; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 0 auto; max-width: 76rem; padding: 1.2rem 1rem 3rem; }
h1 { font-size: 1.4rem; overflow-wrap: anywhere; margin: 0.4rem 0; } h2 { font-size: 1.1rem; margin: 0; overflow-wrap: anywhere; }
section { margin-top: 1.6rem; scroll-margin-top: 3rem; } section > h2 { margin-bottom: 0.4rem; }
header p { margin: 0.1rem 0; color: var(--soft); overflow-wrap: anywhere; } header .simulated { color: var(--ink); font-weight: 600; }
.notice { border: 2px solid var(--bad); border-left-width: 10px; padding: 0 1rem; margin: 0.8rem 0; overflow-wrap: anywhere; }
.notice p { color: var(--ink); margin: 0; } .notice h2 { color: var(--bad); margin: 0.6rem 0; } .notice h3 { font-size: 1rem; margin: 0.6rem 0 0; } .notice ul { color: var(--ink); margin: 0.2rem 0 0.6rem; }
code { font: 0.93em ui-monospace, monospace; background: var(--wash); padding: 0.1rem 0.3rem; overflow-wrap: anywhere; }
ul.answer { color: var(--ink); font-size: 1.05rem; list-style: none; padding: 0; margin: 0.3rem 0 0.8rem; } ul.answer li { margin: 0.15rem 0; }
nav { position: sticky; top: 0; z-index: 2; background: var(--paper); border-bottom: 1px solid var(--line); margin-top: 0.8rem; padding: 0.35rem 0; display: flex; gap: 0.2rem 1.1rem; overflow-x: auto; white-space: nowrap; }
a { color: var(--s0); } :focus-visible { outline: 2px solid var(--s0); outline-offset: 2px; }
summary { cursor: pointer; } summary h2 { display: inline; } details > summary { margin-bottom: 0.4rem; }
details.columns { color: var(--soft); margin: 0.3rem 0; font-size: 0.93rem; } details.columns dl { margin: 0.3rem 0 0; }
.scroll { overflow-x: auto; } .scroll.tall { max-height: 80vh; overflow-y: auto; } .tall thead th { position: sticky; top: 0; background: var(--paper); }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid var(--line); padding: 0.25rem 0.6rem; vertical-align: top; white-space: nowrap; }
thead th { color: var(--soft); font-weight: 600; } tbody th { font-weight: 400; } .left { text-align: left; } .right { text-align: right; }
tbody tr:hover { background: var(--wash); }
th[title] { text-decoration: underline dotted; text-underline-offset: 3px; cursor: help; }
ul { color: var(--soft); padding-left: 1.2rem; overflow-wrap: anywhere; } dt { font-weight: 600; } dd { margin: 0 0 0.4rem 1.2rem; color: var(--soft); }
.charts { display: flex; flex-wrap: wrap; gap: 1.4rem 2rem; } figure { margin: 0; } .charts figure { max-width: min(100%, 380px); } .charts.small figure { max-width: min(100%, 300px); } figcaption { color: var(--soft); }
svg { max-width: 100%; height: auto; } svg text { fill: var(--soft); font: 13px system-ui, sans-serif; }
svg .axis, svg .grid { stroke: var(--line); } svg .axis { stroke: var(--soft); }
${[0, 1, 2, 3, 4].map((index) => `.s${index} { stroke: var(--s${index}); fill: var(--s${index}); }`).join("\n")}
svg .limit { stroke: var(--bad); stroke-width: 1.5; stroke-dasharray: 7 4; }
svg text.over { paint-order: stroke; stroke: var(--paper); stroke-width: 4; }
svg .heat { stroke: var(--line); stroke-width: 1; } svg .heat.none { fill: var(--wash); } svg text.ink { fill: var(--ink); }
svg .part { stroke: var(--paper); stroke-width: 1; } svg .pale { fill-opacity: 0.45; } svg polyline.front { stroke: var(--soft); stroke-width: 1.5; stroke-dasharray: 5 4; }
/* Stronger than the colour of the series, which would fill the area under the line. */
svg polyline[class] { fill: none; stroke-width: 2; } svg polyline.dashed { stroke-dasharray: 5 3; }
@media (min-width: 1500px) {
  body.with-contents { max-width: 96rem; display: grid; grid-template-columns: 15rem minmax(0, 1fr); column-gap: 2.5rem; align-items: start; }
  .with-contents > header { grid-column: 1 / -1; }
  .with-contents > nav { flex-direction: column; white-space: normal; border-bottom: 0; border-right: 1px solid var(--line); max-height: 96vh; overflow-y: auto; margin-top: 1.6rem; }
}
@media print {
  body, body.with-contents { display: block; max-width: none; padding: 0; font-size: 12px; } th, td { padding: 0.12rem 0.4rem; } svg { max-width: 100% !important; }
  nav, .with-contents > nav, details.columns { display: none; } .scroll, .scroll.tall { overflow: visible; max-height: none; }
  figure, tr { break-inside: avoid; } h2 { break-after: avoid; } details::details-content { content-visibility: visible; block-size: auto; }
}
`;
