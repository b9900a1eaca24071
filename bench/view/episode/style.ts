/** What the pages of episodes add to the look of the view. Stretches of time differ in pattern as well as in colour. */
export const episodeStyle = `
.episode-head .outcome { color: var(--ink); } .episode-head .links a { margin-right: 0.8rem; }
.none { color: var(--soft); margin: 0.2rem 0; } .hidden { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
pre.text { white-space: pre-wrap; overflow-wrap: anywhere; font: 0.87em/1.45 ui-monospace, monospace; margin: 0.3rem 0; max-height: 42rem; overflow: auto; unicode-bidi: isolate; }
.unseen { color: var(--bad); border: 1px dotted var(--bad); border-radius: 2px; font-size: 0.9em; }
summary { cursor: pointer; overflow-wrap: anywhere; } details.long > summary { color: var(--soft); } details.long .begin { color: var(--ink); font: 0.87em/1.45 ui-monospace, monospace; unicode-bidi: isolate; }
.size, .facts, .label { color: var(--soft); font-size: 0.9em; } .label { text-transform: none; font-weight: 600; } ul.facts, ol.facts { margin: 0.3rem 0; }
.msg { border-left: 4px solid var(--line); padding: 0.2rem 0 0.4rem 0.8rem; margin: 0.7rem 0; overflow-wrap: anywhere; }
.msg.assistant { border-color: var(--s0); } .msg.user { border-color: var(--s3); } .msg.tool { border-color: var(--s4); margin-left: 1.2rem; } .msg.error { border-color: var(--bad); } .msg.loose { border-left-style: dashed; }
.msg > header { position: relative; padding-right: 3rem; } .who { font-weight: 600; } .anchor { position: absolute; right: 0; top: 0; font-size: 0.85em; }
.reasoning { border-left: 2px dotted var(--soft); padding-left: 0.6rem; } .call p { margin: 0.2rem 0; }
details.turn { border-top: 1px solid var(--line); padding: 0.4rem 0; } details.turn > summary { padding: 0.2rem 0; } .turn-name { font-weight: 600; font-size: 1.05rem; }
details.request { margin: 0.3rem 0; font-size: 0.93em; } .request-name { font-weight: 600; } table.stamps th[scope="row"], #arms th[scope="row"] { color: var(--ink); font-weight: 400; } caption { text-align: left; color: var(--soft); padding: 0.4rem 0; }
.waterfall { margin: 0.6rem 0; } .waterfall ol { list-style: none; margin: 0; padding: 0; }
.waterfall a, .w-row, .w-axis { display: grid; grid-template-columns: 9.5rem 1fr 5.5rem; gap: 0.6rem; align-items: center; color: inherit; text-decoration: none; }
.waterfall a { padding: 1px 0; } .waterfall a:hover { background: var(--wash, transparent); } .w-name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-size: 0.87em; } .w-ms { text-align: right; font-size: 0.87em; color: var(--soft); font-variant-numeric: tabular-nums; white-space: nowrap; }
.w-bars { position: relative; height: 0.95rem; background: linear-gradient(var(--line), var(--line)) center / 100% 1px no-repeat; } .w-bars i { position: absolute; top: 0; bottom: 0; min-width: 2px; box-shadow: inset 0 0 0 0.5px var(--paper); } .w-bars i.w-level { top: auto; bottom: 0; min-width: 0; background: var(--soft); box-shadow: none; } .w-bars b { position: absolute; top: -1px; bottom: -1px; width: 2px; background: var(--ink); }
.w-axis { position: relative; height: 1.2rem; margin: 0 6.1rem 0 10.1rem; display: block; } .w-axis span { position: absolute; transform: translateX(-50%); color: var(--soft); font-size: 0.8em; white-space: nowrap; } .w-axis span:first-child { transform: none; }
.w-path { background: var(--s1); } .w-queue { background: repeating-linear-gradient(90deg, var(--soft) 0 2px, var(--paper) 2px 5px); } .w-prefill { background: var(--s0); }
.w-firstToken { background: repeating-linear-gradient(135deg, var(--s0) 0 4px, color-mix(in srgb, var(--s0) 60%, var(--paper)) 4px 8px); } .w-decode { background: var(--s2); }
.w-engine { background: repeating-linear-gradient(45deg, var(--s2) 0 3px, var(--s0) 3px 6px); } .w-call { background: repeating-linear-gradient(90deg, var(--s1) 0 5px, var(--s2) 5px 10px); }
.w-user { background: color-mix(in srgb, var(--s3) 75%, var(--paper)); } .w-tool { background: var(--s4); } .w-toolWait { background: repeating-linear-gradient(90deg, var(--s4) 0 1px, var(--paper) 1px 4px); }
.waterfall .failed .w-name, .waterfall .failed .w-ms { color: var(--bad); } .w-legend { display: flex; flex-wrap: wrap; gap: 0.2rem 1.1rem; list-style: none; padding: 0; margin: 0.4rem 0; font-size: 0.87em; } .w-legend i { display: inline-block; width: 1.4rem; height: 0.8rem; margin-right: 0.4rem; vertical-align: -0.05rem; } .w-legend .meaning { color: var(--soft); }
#reward h3 { font-size: 0.95rem; margin: 0.7rem 0 0.1rem; } #reward p { margin: 0.1rem 0; } .checks { margin: 0.1rem 0; list-style: none; padding-left: 0; } .checks li { padding-left: 1.5rem; text-indent: -1.5rem; } .verdict { display: inline-block; width: 1.5rem; text-indent: 0; font-weight: 700; }
.change, .alteration { margin: 0.5rem 0; }
.bad { color: var(--bad); } del { color: var(--bad); text-decoration: line-through; background: color-mix(in srgb, var(--bad) 12%, var(--paper)); } ins { color: var(--s2); text-decoration: underline; background: color-mix(in srgb, var(--s2) 12%, var(--paper)); } .skipped { color: var(--soft); font-style: italic; }
.tokens { line-height: 2; overflow-wrap: anywhere; } .token { white-space: pre-wrap; border: 1px solid var(--line); border-radius: 2px; margin: 0 1px; padding: 0 2px; font: 0.85em ui-monospace, monospace; unicode-bidi: isolate; }
.p-mid { background: color-mix(in srgb, var(--s4) 15%, var(--paper)); } .p-low { background: color-mix(in srgb, var(--s1) 25%, var(--paper)); } .p-least { background: color-mix(in srgb, var(--bad) 25%, var(--paper)); text-decoration: underline; }
.pair-row { display: grid; grid-template-columns: 1fr 1fr; gap: 0 1.2rem; } .pair-row > div { min-width: 0; } .pair-head { font-weight: 600; position: sticky; top: 0; background: var(--paper); border-bottom: 1px solid var(--line); z-index: 1; }
.pair-row .msg.tool { margin-left: 0; } .differs { border-left: 3px solid var(--s1); padding-left: 0.5rem; } .first-difference { color: var(--s1); font-weight: 700; margin: 0.8rem 0 0.2rem; } .pair-turn { font-size: 1rem; margin: 0.9rem 0 0.2rem; }
details.equal { margin: 0.4rem 0; } details.equal > summary { color: var(--soft); } tr.chosen { background: var(--wash, transparent); }
@media (max-width: 640px) { .waterfall a, .w-row { grid-template-columns: 6rem 1fr 4.2rem; } .w-axis { margin: 0 4.8rem 0 6.6rem; } .msg.tool { margin-left: 0.4rem; } .pair-row { grid-template-columns: 1fr; } .pair-head { display: none; } .pair-cell::before { content: attr(data-arm); color: var(--soft); font-size: 0.85em; } .w-legend .meaning { display: none; } }
@media print { .w-bars i, .w-legend i { print-color-adjust: exact; } pre.text { max-height: none; } }
`;
