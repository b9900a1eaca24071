import { readFile, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { ConfigError } from "../../errors.ts";
import { pageStyle } from "../../report/formats/page-style.ts";
import { systemErrorCode } from "../../store/storage-error.ts";
import { episodePage, episodeStyle, pairPage } from "../episode/pages.ts";
import { episodesPage } from "../lists/episodes-page.ts";
import { evalAddress, runAddress } from "../addresses.ts";
import { evalPage } from "../feedback/eval-page.ts";
import { evalFolder, readEvalQuery, resultsFolder, runOfFolder } from "../feedback/results-folder.ts";
import type { ShownFeedback } from "../feedback/run-body.ts";
import { feedbackRunPage, feedbackStepPage, type AskedStep } from "../feedback/run-page.ts";
import { feedbackStyle } from "../feedback/style.ts";
import type { ViewedFeedback } from "../feedback/viewed-feedback.ts";
import { readFilter, readPage } from "../lists/list-filter.ts";
import { pairsPage, readPairFilter } from "../lists/pairs-page.ts";
import { runPage } from "../lists/run-page.ts";
import { runsPage } from "../lists/runs-page.ts";
import { viewScript } from "../look/script.ts";
import { viewStyle } from "../look/style.ts";
import { messagePage, page, storedPagePolicy, type Answer } from "./answer.ts";
import type { PairKey } from "../run-source.ts";
import type { ViewedRun } from "./viewed-run.ts";
import type { RunLibrary } from "./run-library.ts";

interface Asked {
  /** Of the path, decoded. */
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
}

/** The answer to an address; null where there is nothing. Throws ConfigError for a question that cannot be meant. */
export async function answerOf({ parts, query }: Asked, library: RunLibrary): Promise<Answer | null> {
  const [first, name, ...rest] = parts;
  if (first === undefined) return page(runsPage(await library.list(readPage(query.get("page")))));
  if (first === "view.css" && name === undefined)
    return { status: 200, type: "text/css", body: `${pageStyle}${viewStyle}${episodeStyle}${feedbackStyle}` };
  if (first === "view.js" && name === undefined)
    return { status: 200, type: "text/javascript", body: viewScript };
  if (first === "v1" && name === "eval") return await answerOfEval({ parts: rest, query }, library);
  if (first !== "runs" || name === undefined) return null;
  const feedback = await library.feedback(name);
  if (feedback !== null) return await answerOfFeedback(feedback, { parts: rest, query });
  const run = await library.open(name);
  return run === null ? null : await answerOfRun(run, { parts: rest, query });
}

/** As the original harness serves it: `/v1/eval?results_dir=…&page=…&per_page=…`. */
async function answerOfEval({ parts, query }: Asked, library: RunLibrary): Promise<Answer | null> {
  const [part, ...more] = parts;
  if (more.length > 0 || (part !== undefined && part !== "step")) return null;
  const asked = readEvalQuery(query);
  const path = await resultsFolder(asked.resultsDirectory, library.served);
  if (path === null)
    return messagePage(
      404,
      "No results",
      `There is no folder ${asked.resultsDirectory ?? ""} in ${library.served.root}.`,
    );
  if (part === undefined) return page(evalPage(await evalFolder(path, asked, library)));
  const { resultsDirectory } = asked;
  const { shownRuns } = library.served;
  const shown = await runOfFolder(path, query.get("run") ?? "", { resultsDirectory, shownRuns });
  const back = { name: "Runs of the preference loop", address: evalAddress(asked) };
  const step = { preference: query.get("preference") ?? "", step: query.get("step") ?? "", back };
  return shown === null ? null : stepAnswer(shown, step);
}

async function answerOfFeedback(
  { directory, shown, extras }: ViewedFeedback,
  { parts }: Asked,
): Promise<Answer | null> {
  const [part, preference, step, ...more] = parts;
  if (part === undefined) return page(feedbackRunPage(shown, extras));
  const { name } = shown.run;
  if (part === "report" && preference === undefined) return await storedReport({ directory, name });
  if (part !== "steps" || preference === undefined || step === undefined || more.length > 0) return null;
  return stepAnswer(shown, { preference, step, back: { name, address: runAddress(name) } });
}

function stepAnswer(
  shown: ShownFeedback,
  asked: Omit<AskedStep, "step"> & { readonly step: string },
): Answer | null {
  const { step } = asked;
  return isNatural(step) ? found(feedbackStepPage(shown, { ...asked, step: Number(step) })) : null;
}

async function answerOfRun(run: ViewedRun, { parts, query }: Asked): Promise<Answer | null> {
  const [part, id, ...more] = parts;
  if (more.length > 0) return null;
  if (part === undefined) return page(runPage(await run.facts(), await run.extras()));
  if (part === "report" && id === undefined) return await storedReport(run);
  if (part === "episodes")
    return id === undefined
      ? page(episodesPage(await run.facts(), readFilter(query)))
      : found(await episodePage(await run.source(), id, query));
  if (part !== "pairs" || id !== undefined) return null;
  return query.has("task")
    ? found(await pairPage(await run.source(), readPair(query), query))
    : page(pairsPage(await run.facts(), readPairFilter(query)));
}

function found(body: string | null): Answer | null {
  return body === null ? null : page(body);
}

/** Throws ConfigError for an address that does not say which task, trial, load and repetition. */
function readPair(query: URLSearchParams): PairKey {
  const [domain, taskId, load] = ["domain", "task", "load"].map((name) => query.get(name));
  const [trial, repetition] = ["trial", "repetition"].map((name) => query.get(name) ?? "");
  if (domain == null || taskId == null || load == null || !isNatural(trial) || !isNatural(repetition))
    throw new ConfigError("Two arms side by side: give domain, task, trial, load and repetition.");
  return { domain, taskId, load, trial: Number(trial), repetition: Number(repetition) };
}

function isNatural(text: string | undefined): text is string {
  return text !== undefined && /^\d{1,9}$/.test(text);
}

/** The page that the run wrote at its end, as it is; one that lies elsewhere, by a link in the folder, is not served. */
async function storedReport({ directory, name }: Pick<ViewedRun, "directory" | "name">): Promise<Answer> {
  const path = join(directory, "report", "report.html");
  try {
    const [file, folder] = await Promise.all([realpath(path), realpath(directory)]);
    if (file.startsWith(folder + sep) && (await stat(file)).isFile()) {
      const headers = { "content-security-policy": storedPagePolicy };
      return { status: 200, type: "text/html", body: await readFile(file), headers };
    }
  } catch (thrown) {
    if (systemErrorCode(thrown) !== "ENOENT") throw thrown;
  }
  return messagePage(
    404,
    "No report yet",
    `${name} has no report/report.html of its own: a run writes it when it ends. \`tollgate report ${directory}\` makes it now.`,
  );
}
