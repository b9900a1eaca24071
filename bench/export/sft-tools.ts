import { sglangTools } from "../gateway/rendering/engine-prompt.ts";
import { isRecord } from "../gateway/rendering/normalise-messages.ts";
import { parseForTemplate, restoreLiterals } from "../gateway/rendering/python-literals.ts";
import type { InlinedTrajectory } from "./inlined-trajectory.ts";

/**
 * The forms in which an engine may have handed the request's tools to its template, likeliest first: as they came, with the
 * keys that SGLang's models give them, or the bare functions, which SGLang tries where a template refuses the others. At
 * level L2 it was this gateway that rendered, in SGLang's form.
 */
export function toolForms({ tools, recorded }: InlinedTrajectory): readonly string[] {
  const parsed = parseForTemplate(tools);
  const asSglang = sglangTools(Array.isArray(parsed) ? parsed : []);
  const bare = asSglang.map(({ function: fields }) => fields).filter(isRecord);
  const [sglang, functions] = [asSglang, bare].map((form) => restoreLiterals(JSON.stringify(form)));
  const forms = recorded?.level === "L2" ? [sglang, functions, tools] : [tools, sglang, functions];
  return [...new Set(forms.filter((form) => form !== undefined))];
}
