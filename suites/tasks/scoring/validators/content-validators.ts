import type { Validator } from "../../contract/task.ts";
import { countSpellings } from "./british-spelling.ts";
import { linksByStyle, mainStyleShare } from "./link-styles.ts";
import { named, search, shown, wordCount } from "./plain-text.ts";
import { fails, holds, partly, textOf, undecided, type Held, type LookedAt, type Scope } from "./scope.ts";
import { matching, readTextInside } from "./workspace-files.ts";

/** AgentBench's validators of what stands in files and answers. */

type Of<Type extends Validator["type"]> = Extract<Validator, { readonly type: Type }>;

const nothingIn = (name: string): Held => fails(`${name}: no file that can be read`);

/** Nothing to look at: no file, and nothing said either where that counts. */
const isEmpty = ({ files, text }: LookedAt): boolean => files.length === 0 && text.trim() === "";

export async function contentContains(scope: Scope, validator: Of<"content-contains">): Promise<Held> {
  const { sections, match } = validator;
  const looked = await textOf(scope, validator.in);
  if (isEmpty(looked)) return nothingIn(looked.name);
  return heldBySearch(looked.text, { wanted: sections, match, name: looked.name });
}

function heldBySearch(
  text: string,
  {
    wanted,
    match,
    name,
  }: { readonly wanted: readonly string[]; readonly match: "all" | "any"; readonly name: string },
): Held {
  const { found, lacking } = search(text, wanted);
  if (match === "any") {
    return found.length > 0
      ? holds(`${name} has ${named(found)}`)
      : fails(`${name} has none of ${named(lacking)}`);
  }
  if (lacking.length === 0) return holds(`${name} has all ${wanted.length} texts`);
  return partly(
    found.length / wanted.length,
    `${name} has ${found.length} of ${wanted.length} texts; lacks ${named(lacking)}`,
  );
}

export async function contentNotContains(scope: Scope, validator: Of<"content-not-contains">): Promise<Held> {
  const looked = await textOf(scope, validator.in);
  // A file that was never written would otherwise be praised for what it does not say.
  if (isEmpty(looked)) return nothingIn(looked.name);
  const { found } = search(looked.text, validator.sections);
  return found.length === 0
    ? holds(`${looked.name} has none of the unwanted texts`)
    : fails(`${looked.name} has ${named(found)}`);
}

export async function wordCountRange(scope: Scope, { min, max }: Of<"word-count-range">): Promise<Held> {
  const looked = await textOf(scope, null);
  if (looked.files.length === 0) return nothingIn(looked.name);
  const words = wordCount(looked.text);
  const detail = `${looked.name} has ${words} words; ${min} to ${max} are asked for`;
  if (words >= min && words <= max) return holds(detail);
  return words >= min / 2 && words <= max * 2 ? partly(0.5, detail) : fails(detail);
}

export async function linkConsistency(scope: Scope, { files }: Of<"link-consistency">): Promise<Held> {
  const paths = new Set(files.flatMap((pattern) => matching(scope.seen, pattern)));
  if (paths.size === 0) return nothingIn(files.join(", "));
  const links: Record<string, number> = {};
  for (const path of paths) {
    const seen = await readTextInside(scope.workspace.hostDirectory, path);
    for (const [style, count] of Object.entries(linksByStyle(seen?.text ?? ""))) {
      links[style] = (links[style] ?? 0) + count;
    }
  }
  const share = mainStyleShare(links);
  if (share === null) return undecided(`no link in ${paths.size} files, so there is no style`);
  const detail = Object.entries(links)
    .map(([style, count]) => `${count} as ${style}`)
    .join(", ");
  if (share === 1) return holds(detail);
  return share > 0.7 ? partly(0.5, detail) : fails(detail);
}

export async function britishSpelling(
  scope: Scope,
  { words }: Of<"content-uses-british-spelling">,
): Promise<Held> {
  const looked = await textOf(scope, null);
  if (looked.files.length === 0) return nothingIn(looked.name);
  const seen = countSpellings(looked.text, words).filter(({ british, american }) => british + american > 0);
  if (seen.length === 0) {
    return undecided(`${looked.name} has none of ${named(words)} in either spelling`);
  }
  const british = seen.filter(({ american }) => american === 0);
  return partly(
    british.length / seen.length,
    `${looked.name}: ${british.length} of ${seen.length} words that occur are only written the British way`,
  );
}

export async function responseContains(
  { reply }: Scope,
  { values, match }: Of<"response-contains">,
): Promise<Held> {
  if (reply.trim() === "") return fails("the agent gave no answer");
  return heldBySearch(reply, { wanted: values, match, name: "the answer" });
}

export async function responseNotContains(
  { reply }: Scope,
  { values }: Of<"response-not-contains">,
): Promise<Held> {
  if (reply.trim() === "") return fails("the agent gave no answer");
  const { found } = search(reply, values);
  return found.length === 0
    ? holds("the answer has none of the unwanted texts")
    : fails(`the answer has ${named(found)}`);
}

export async function responseAnalysis(
  _: Scope,
  { description }: Of<"response-contains-analysis">,
): Promise<Held> {
  return undecided(`only a judge can say: ${shown(description)}`);
}
