import { z } from "zod";
import { TollgateError } from "../../errors.ts";
import { parsedJson } from "../../host/parsed-json.ts";

/** An MLflow server refused something, or nobody answered. Exit code 1: the run itself is whole. */
export class MlflowError extends TollgateError {
  readonly code = "TOLLGATE_MLFLOW";
  /** null: no answer. */
  readonly status: number | null;
  /** The server's own, e.g. RESOURCE_DOES_NOT_EXIST; null where it gave none. */
  readonly errorCode: string | null;

  constructor(
    message: string,
    facts: { readonly status: number | null; readonly errorCode: string | null; readonly cause?: unknown },
  ) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.status = facts.status;
    this.errorCode = facts.errorCode;
  }
}

/** What a server said in place of what was asked for. */
export interface RefusedAnswer {
  /** null: no answer. */
  readonly status: number | null;
  readonly text: string;
  readonly location?: string | undefined;
}

export interface RefusedCall {
  /** What was to be done, e.g. `create the run`. */
  readonly doing: string;
  readonly url: string;
  readonly host: string;
  readonly tries: number;
  readonly authorized: boolean;
}

const errorSchema = z.object({ error_code: z.string().optional(), message: z.string().optional() });

/** The error of a call, with what to do about it. */
export function refusalOf(call: RefusedCall, answer: RefusedAnswer): MlflowError {
  const said = errorSchema.safeParse(parsedJson(answer.text)).data;
  const errorCode = said?.error_code ?? null;
  const words = shortened(said?.message ?? (looksLikeHtml(answer.text) ? "a page of HTML" : answer.text));
  const what = [
    answer.status === null ? "no answer" : `status ${answer.status}`,
    ...(errorCode === null ? [] : [errorCode]),
    ...(words === "" ? [] : [words]),
  ].join(", ");
  const tries = call.tries > 1 ? ` after ${call.tries} tries` : "";
  return new MlflowError(
    `MLflow at ${call.url} could not ${call.doing}${tries}: ${what}. ${adviceOn(call, answer)}`,
    { status: answer.status, errorCode },
  );
}

const shownCharacters = 300;

function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length > shownCharacters ? `${line.slice(0, shownCharacters)}…` : line.replace(/\.$/, "");
}

export function looksLikeHtml(text: string): boolean {
  return /^\s*<(!doctype|html)/i.test(text);
}

function adviceOn(call: RefusedCall, { status, text, location }: RefusedAnswer): string {
  if (status === null) return unreached(text);
  if (status === 403 && /Invalid Host header/i.test(text)) return hostAdvice(call.host);
  if (status === 403 && /cross-origin|CORS/i.test(text))
    return "Something on the way adds an Origin header; the server allows it by MLFLOW_SERVER_CORS_ALLOWED_ORIGINS.";
  if (status === 401 || status === 403)
    return call.authorized
      ? "The credentials in the environment are not good for this. Check MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, and what their user may do."
      : "Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN.";
  if (status >= 300 && status < 400)
    return `It points to ${location ?? "another place"}. Give that address if it is the server's, or a token if it is a page to log in.`;
  if ((status === 404 && text === "") || ((status === 404 || status === 200) && looksLikeHtml(text)))
    return "Is this the base address of an MLflow server? /api/2.0/mlflow is added to it.";
  if (status === 413)
    return "A proxy in front of the server limits the size of requests; raise it (nginx: client_max_body_size).";
  if (status === 429 || status >= 500)
    return "Nothing is lost: log the run again later, and it goes on where it was.";
  return "The server's own log says more.";
}

function unreached(text: string): string {
  if (/certificate|self.signed|unable to verify|TLS|SSL/i.test(text))
    return "Give the certificate of the server's authority in NODE_EXTRA_CA_CERTS=FILE.";
  if (/ENOTFOUND|EAI_AGAIN/.test(text))
    return "The name of the host is not known here; a name of a Kubernetes service is known inside its cluster only.";
  return "Is the server running there? Nothing is lost: log the run again when it is.";
}

/** Since 3.5 servers answer only to names that they were told; GET /health goes through all the same. */
function hostAdvice(host: string): string {
  const name = host.replace(/:\d+$/, "");
  return `The server does not answer to the name ${host}. Start it with MLFLOW_SERVER_ALLOWED_HOSTS='${name},${name}:*,localhost,localhost:*,127.0.0.1,127.0.0.1:*' (MLflow 3.5 and later; the list takes the place of its defaults).`;
}
