/** What the view's pages add to the look of the report. */
export const viewStyle = `
:root { --good: #1f6b33; --doubt: #8a5a00; --wash: #f3f3f6; }
@media (prefers-color-scheme: dark) { :root { --good: #77cc8c; --doubt: #e0b250; --wash: #222226; } }
body { max-width: 92rem; } main > .simulated { font-weight: 600; margin: 0.1rem 0; } .prose { display: block; white-space: normal; min-width: 10rem; max-width: 30rem; overflow-wrap: anywhere; }
nav.trail, nav.pager { position: static; border: 0; padding: 0; display: flex; flex-wrap: wrap; white-space: normal; }
.trail { margin: 0 0 1rem; gap: 0.3rem 0.5rem; overflow-wrap: anywhere; } .trail span { color: var(--soft); }
.soft { color: var(--soft); } .good { color: var(--good); } .bad { color: var(--bad); } .doubt { color: var(--doubt); } .live { color: var(--s0); }
.state::before { content: "● "; } .state.soft::before { content: "○ "; } .state.doubt::before { content: "▲ "; } .state.bad::before { content: "■ "; } .state.live::before { content: "▶ "; }
main p, main li { overflow-wrap: anywhere; } code { background: var(--wash); padding: 0.1rem 0.3rem; overflow-wrap: anywhere; }
main ul { color: var(--ink); } .id, code { font-family: ui-monospace, monospace; font-size: 0.92em; }
tbody th { color: var(--ink); font-weight: 400; } td, tbody th { unicode-bidi: isolate; }
.choices { display: flex; flex-wrap: wrap; gap: 0.2rem 1.2rem; list-style: none; padding: 0; margin: 0.6rem 0; }
.filters { display: flex; flex-wrap: wrap; gap: 0.5rem 0.9rem; align-items: end; padding: 0.7rem; background: var(--wash); margin: 0.8rem 0; }
.filters label { display: flex; flex-direction: column; color: var(--soft); font-size: 0.87rem; max-width: 100%; } .filters .check { flex-direction: row; align-items: center; gap: 0.4rem; }
input, select, button { font: inherit; color: var(--ink); background: var(--paper); border: 1px solid var(--soft); border-radius: 3px; padding: 0.2rem 0.4rem; max-width: 100%; }
.pager { display: flex; flex-wrap: wrap; gap: 0.3rem 0.9rem; margin: 0.5rem 0; color: var(--soft); } .progress { display: flex; flex-wrap: wrap; gap: 0.3rem 1rem; align-items: center; }
progress { width: 12rem; max-width: 100%; accent-color: var(--s0); } .in-cell { display: block; } .why p { margin: 0.2rem 0; white-space: normal; max-width: 30rem; }
#connection { position: fixed; right: 1rem; bottom: 1rem; background: var(--paper); border: 2px solid var(--bad); padding: 0.3rem 0.7rem; }
:focus-visible { outline: 2px solid var(--s0); outline-offset: 2px; } :target { outline: 2px solid var(--s1); outline-offset: 3px; }
@media print { .trail, .filters, .choices, .pager, #connection { display: none; } }
`;
