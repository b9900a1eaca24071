/** What pages of the preference loop add to the look of the view. */
export const feedbackStyle = `
.preference, .eval-run { overflow-wrap: anywhere; } .step-row { border-top: 1px solid var(--line); margin: 0; padding: 0.25rem 0; } .step-row > summary span, p.step-row span, .step-line span { display: inline-block; margin-right: 1.1rem; font-variant-numeric: tabular-nums; }
.step-row .step-number, .step-line .step-number { font-weight: 600; min-width: 4.2rem; } .step-body { border-left: 4px solid var(--line); padding: 0 0 0.4rem 0.9rem; margin: 0.3rem 0 0.8rem; }
.step-body { overflow-wrap: anywhere; } .step-body section { margin-top: 0.7rem; } .step-body h4, .step-body h5 { margin: 0.4rem 0 0.1rem; font-size: 0.95rem; } .step-body h5 { color: var(--soft); }
.preference pre, .step-body pre { font: 0.87em/1.45 ui-monospace, monospace; background: var(--wash); padding: 0.4rem 0.6rem; margin: 0.2rem 0; white-space: pre-wrap; overflow-wrap: anywhere; max-height: 42rem; overflow: auto; unicode-bidi: isolate; }
.eval-run { border: 1px solid var(--line); padding: 0.3rem 0.8rem; margin: 0.8rem 0; } .eval-run > summary { font-weight: 600; overflow-wrap: anywhere; } .eval-run > summary span { font-weight: 400; margin-left: 0.9rem; }
`;
