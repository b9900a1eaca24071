import { parseForTemplate, restoreLiterals } from "../gateway/rendering/python-literals.ts";
import { isToolForm, shapedTools, toolFormNames } from "../gateway/rendering/tool-forms.ts";
import type { InlinedTrajectory } from "./inlined-trajectory.ts";

/** What the gateway rendered before it learned from the engine how that writes tools. */
const beforeLearning = "sglang-0.5.10";

/**
 * The forms in which an engine may have handed the request's tools to its template, likeliest first. At level L2 it was this
 * gateway that rendered, in the form that it recorded; SGLang tries the bare functions where a template refuses the others.
 */
export function toolForms({ tools, recorded }: InlinedTrajectory): readonly string[] {
  const given = parseForTemplate(tools);
  const list = Array.isArray(given) ? given : [];
  const written = (name: string) => restoreLiterals(JSON.stringify(shapedTools(list, name)));
  if (recorded?.level !== "L2") return distinct([tools, ...toolFormNames.map(written)]);
  const name = recorded.toolForm ?? beforeLearning;
  if (!isToolForm(name)) return [tools];
  const bare = shapedTools(list, name).map(({ function: fields }) => fields ?? {});
  return distinct([written(name), restoreLiterals(JSON.stringify(bare)), tools]);
}

const distinct = (forms: readonly string[]) => [...new Set(forms)];
