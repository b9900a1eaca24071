/** Who was asked: the words of a message about it. */
export interface AskedPart {
  /** Setting of its address, e.g. `stack.agent.url`. */
  readonly urlSetting: string;
  readonly modelSetting: string;
  readonly keySetting: string;
  /** Environment variable of its key; undefined where none is named. */
  readonly apiKeyEnv?: string | undefined;
}

const advice: readonly (readonly [RegExp, (part: AskedPart) => string])[] = [
  [
    /<!doctype|<html|<head|<body/i,
    ({ urlSetting }) =>
      `A web page answered: is ${urlSetting} the address of an OpenAI-compatible API, whose POST /v1/chat/completions answers with JSON?`,
  ],
  [
    /^3\d\d/,
    ({ urlSetting }) =>
      `Redirects are not followed, because each would be in the measured times: give the address that it leads to as ${urlSetting}.`,
  ],
  [
    /^40[13]/,
    ({ keySetting, apiKeyEnv }) =>
      apiKeyEnv === undefined
        ? `It wants a key: set ${keySetting} to the name of the environment variable that holds it.`
        : `The key in ${apiKeyEnv} was refused: is it the key of this server, and may it generate?`,
  ],
  [
    /^4\d\d.*(\bmodel\b.*(not found|not exist|unknown|unsupported|no such)|(unknown|unsupported|invalid|no such) model)/is,
    ({ modelSetting }) =>
      `It does not serve the model under this name: set ${modelSetting} to one that its /v1/models lists.`,
  ],
  [
    /^40[45]/,
    ({ urlSetting }) =>
      `It has no POST /v1/chat/completions: is ${urlSetting} the address before /v1, and does the server speak OpenAI's chat completions?`,
  ],
  [/^4(00|22)/, () => "It refuses the request; its own words say why."],
];

/** What to change when a small request was not answered; null where the answer does not tell. */
export function generationAdvice(problem: string, part: AskedPart): string | null {
  const text = advice.find(([pattern]) => pattern.test(problem))?.[1];
  return text === undefined ? null : text(part);
}
