import { printable } from "../../report/formats/printable.ts";
import { numberText, signedText } from "../../report/tables/number-text.ts";
import { collapseAlerts } from "../files/collapse-alerts.ts";
import type { FeedbackRun } from "../files/read-feedback-run.ts";
import type { ReadStep } from "../files/stored-step.ts";
import { nameText } from "./feedback-tables.ts";

/** The step that `PREFERENCE/STEP` names, with which others there are where there is no such one. */
export function stepOf(
  { preferences }: FeedbackRun,
  place: string,
): { readonly step: ReadStep } | { readonly known: readonly string[] } {
  const [, name, number] = /^(.+)\/(\d+)$/.exec(place) ?? [];
  const own = preferences.find((one) => one.name === name);
  const step = own?.steps.find((line) => line.step === Number(number));
  if (step !== undefined) return { step };
  return {
    known: preferences.map((one) => {
      const [first, last] = [one.steps[0], one.steps.at(-1)];
      if (first === undefined || last === undefined) return `${nameText(one.name)} has no step yet`;
      return `${nameText(one.name)}/${first.step} to ${nameText(one.name)}/${last.step}`;
    }),
  };
}

/** All of a step: what was said, asked, answered, trained and measured. */
export function stepText(line: ReadStep): string {
  const { logprob_margin: margin, preference_compliance: compliance, general, collapse } = line.eval;
  const delta = margin?.margin_delta_from_baseline ?? null;
  const facts = [
    `margin ${numberText(margin?.margin ?? null)}${delta === null ? "" : ` (${signedText(delta)} against the baseline)`}`,
    `compliance ${numberText(compliance)}`,
    `general ${numberText(general?.general_score ?? null)}`,
    ...(collapse === null
      ? []
      : [collapse.alert ? `collapse ALERT ${collapseAlerts(collapse).join("; ")}` : "no collapse"]),
    `${line.sub_step_count ?? "?"} updates`,
    `${numberText(line.timing_s)} s`,
  ];
  const text = [
    `${line.preference}, step ${line.step}, ${line.timestamp}`,
    facts.join(", "),
    ...line.missing.map(({ what, on, why }) => `missing: ${what}, ${on}: ${why}`),
    part("Feedback", line.feedback_given),
    ...(line.samples.length > 0
      ? line.samples.map(({ prompt, response, failure }, at) =>
          part(`Sample ${at}`, `${prompt}\n---\n${response ?? `no answer: ${failure ?? "nobody says why"}`}`),
        )
      : [
          part("Prompt", line.prompt_used),
          part("Response", line.response_text ?? "no sample has an answer"),
        ]),
    ...(line.sdpo_metrics === null ? [] : [part("Training", JSON.stringify(line.sdpo_metrics))]),
    ...line.eval.rollouts.map(({ metric, messages, metadata }, at) =>
      part(
        `Rollout ${at}, ${metric}`,
        [...messages.map(({ role, content }) => `${role}: ${content}`), JSON.stringify(metadata)].join("\n"),
      ),
    ),
  ];
  return printable(text.join("\n"));
}

function part(title: string, text: string): string {
  return `\n${title}\n${text.replace(/^/gm, "  ")}`;
}
