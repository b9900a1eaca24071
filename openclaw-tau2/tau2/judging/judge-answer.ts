import { TollgateError } from "../../../bench/errors.ts";
import type { JudgeEntry } from "../contract/domain.ts";
import { defineModel, validateModel } from "../python/field-type.ts";
import { parseJson } from "../python/json-parse.ts";
import { pyStr } from "../python/repr.ts";
import { bool, str } from "../python/scalar-type.ts";
import { Validation } from "../python/validation.ts";
import type { PyDict, PyValue } from "../python/value.ts";

/** The judge answered with something that tau2 would raise on. The episode stays unjudged. */
export class JudgeAnswerError extends TollgateError {
  readonly code = "TOLLGATE_JUDGE_ANSWER";
  /** The answer as received. */
  readonly answer: string;

  constructor(answer: string, problem: string, options?: { readonly cause?: unknown }) {
    super(`The judge's answer ${problem}. The episode stays unjudged; run the judge again.`, options);
    this.answer = answer;
  }
}

const NLAssertionCheck = defineModel("NLAssertionCheck", {
  nl_assertion: str,
  met: bool,
  justification: str,
});
const KEYS = ["expectedOutcome", "metExpectation", "reasoning"] as const;
const FENCED = /^\s*```[a-zA-Z]*\s*\n(?<body>[^]*?)\n?\s*```\s*$/u;

/**
 * Reads a judge's answer by tau2's rules: the whole text is one JSON object; `results` (absent: none) is a list of
 * objects with `expectedOutcome`, `metExpectation` and `reasoning`; texts must be texts, while pydantic takes `"true"`,
 * `"yes"` or 1 for a bool. Their number and wording are not compared with the assertions. An answer in a code fence is
 * an error, as in tau2, unless `lenient` takes the fence off. Throws `JudgeAnswerError`.
 */
export function parseJudgeAnswer(answer: string, options: { readonly lenient?: boolean } = {}): JudgeEntry[] {
  const body = options.lenient === true ? (FENCED.exec(answer)?.groups?.["body"] ?? answer) : answer;
  let value: PyValue;
  try {
    value = parseJson(body);
  } catch (error) {
    const hint = FENCED.test(answer) ? " (it is in a code fence)" : "";
    throw new JudgeAnswerError(answer, `is not JSON${hint}`, { cause: error });
  }
  if (!(value instanceof Map)) throw new JudgeAnswerError(answer, "is no JSON object");
  const results = value.get("results") ?? [];
  if (!Array.isArray(results)) throw new JudgeAnswerError(answer, "has results that are no list");
  return results.map((result, index) => {
    if (!(result instanceof Map)) throw new JudgeAnswerError(answer, `has no object as result ${index}`);
    return entryOf(result, (problem) => new JudgeAnswerError(answer, `has in result ${index} ${problem}`));
  });
}

function entryOf(result: PyDict, fault: (problem: string) => JudgeAnswerError): JudgeEntry {
  const missing = KEYS.find((key) => !result.has(key));
  if (missing !== undefined) throw fault(`no ${missing}`);
  const [nlAssertion, met, justification] = KEYS.map((key) => result.get(key) ?? null);
  const validation = new Validation();
  const input = new Map(
    Object.entries({ nl_assertion: nlAssertion, met, justification } as Record<string, PyValue>),
  );
  const check = validateModel(NLAssertionCheck, input, validation);
  if (check === undefined) throw fault("a value of the wrong type");
  return {
    nlAssertion: pyStr(check.get("nl_assertion")),
    met: check.get("met") === true,
    justification: pyStr(check.get("justification")),
  };
}
