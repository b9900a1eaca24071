import type { IncomingHttpHeaders } from "node:http";
import { request } from "undici";
import { ConfigError, messageOf, StartError } from "../../errors.ts";
import { boundedText, descriptionBytesMax } from "../../host/bounded-body.ts";
import { parsedJson } from "../../host/parsed-json.ts";
import { secretsRemover } from "../../host/secret-words.ts";
import { Deadline } from "../../measure/deadline.ts";
import { isMapping } from "../config/override.ts";
import type { FeedbackSettings } from "../config/settings.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Of an OpenClaw that runs already. */
export const gatewayTokenVariable = "OPENCLAW_GATEWAY_TOKEN";
const healthMs = 10_000;

/** Headers of every request to the trainer, with their values. @throws {ConfigError} for a variable that is not set */
export function headersOf(
  { headers }: Pick<FeedbackSettings, "headers">,
  environment: Environment,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, written]) => {
      const [, scheme = "", variable = ""] = /^(Bearer )?(.*)$/.exec(written) ?? [];
      const value = environment[variable];
      if (value === undefined || value === "")
        throw new ConfigError(`headers.${name}: environment variable ${variable} is not set or empty.`);
      if (!/^[\t\x20-\x7E\x80-\xFF]*$/.test(value))
        throw new ConfigError(
          `headers.${name}: the value of ${variable} cannot be sent in a header: it holds a line break or another control character.`,
        );
      return [name, `${scheme}${value}`];
    }),
  );
}

/** @throws {ConfigError} where an OpenClaw is named and its token is not set */
export function gatewayToken(
  { openclaw_url: url }: Pick<FeedbackSettings, "openclaw_url">,
  environment: Environment,
): string | null {
  if (url === null || url === "embedded") return null;
  const token = environment[gatewayTokenVariable];
  if (token) return token;
  throw new ConfigError(
    `openclaw_url is ${url}, and ${gatewayTokenVariable} is not set: OpenClaw refuses requests without its token. Set it, or write openclaw_url: embedded (an OpenClaw of ours) or null (the trainer's own proxy).`,
  );
}

/** Whether a trainer answers, and says that it is simulated. @throws {StartError} */
export async function checkTrainer(
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<{ readonly simulated: boolean }> {
  const { status, text, head } = await asked("trainer", `${url}/v1/health`, headers);
  const refuse = (answered: string) =>
    new StartError(
      "trainer",
      `The trainer at ${url} answers /v1/health with ${answered}. Check claas_url and headers.`,
    );
  const { location } = head;
  if (status >= 300 && status < 400)
    throw refuse(`status ${status}, which leads on to ${location ?? "nowhere"}`);
  if (status !== 200) throw refuse(`status ${status}: ${text.slice(0, 500)}`);
  const said = parsedJson(text);
  if (!isMapping(said)) throw refuse(`no JSON object: ${text.slice(0, 500)}`);
  return { simulated: said["simulator"] === true || head["x-tollgate-simulator"] !== undefined };
}

/** Any answer will do: what it is asked later is not known before. @throws {StartError} */
export async function checkGateway(url: string): Promise<void> {
  await asked("OpenClaw", url, {});
}

async function asked(
  part: string,
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<{ readonly status: number; readonly text: string; readonly head: IncomingHttpHeaders }> {
  using deadline = new Deadline(healthMs);
  try {
    const response = await request(url, { headers, signal: deadline.signal });
    const text = await boundedText(response.body, descriptionBytesMax);
    const said = secretsRemover(Object.values(headers))(text);
    return { status: response.statusCode, text: said, head: response.headers };
  } catch (cause) {
    const why = deadline.over ? `no answer within ${healthMs / 1000} s` : messageOf(cause);
    throw new StartError(
      part,
      `The ${part} does not answer at ${url}: ${why}. Start it, or give its address.`,
      {
        cause,
      },
    );
  }
}
