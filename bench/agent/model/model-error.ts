import { TollgateError } from "../../errors.ts";

/** A model endpoint did not give a usable answer. Nothing is retried: a retry would hide what is being measured. */
export abstract class ModelError extends TollgateError {
  /** URL of the request. */
  readonly url: string;

  constructor(url: string, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.url = url;
  }
}

/** No answer at all: refused, reset, or lost before the response head. */
export class ModelConnectionError extends ModelError {
  readonly code = "TOLLGATE_MODEL_CONNECTION";
}

/** The endpoint answered with another status than 200. */
export class ModelHttpError extends ModelError {
  readonly code = "TOLLGATE_MODEL_HTTP";
  readonly status: number;
  /** The first characters of the response body. */
  readonly body: string;

  constructor(url: string, response: { readonly status: number; readonly body: string }) {
    const body = response.body.slice(0, maxBodyExcerpt);
    super(url, `${url} answered with status ${response.status}: ${body.trim() || "(empty body)"}`);
    this.status = response.status;
    this.body = body;
  }
}

const maxBodyExcerpt = 500;

/** The request was not finished within its deadline. */
export class ModelTimeoutError extends ModelError {
  readonly code = "TOLLGATE_MODEL_TIMEOUT";
  readonly afterMs: number;

  constructor(url: string, afterMs: number) {
    super(url, `${url} did not finish within ${afterMs} ms.`);
    this.afterMs = afterMs;
  }
}

/** The answer began with status 200 but broke off, carried an error, or is no chat completion. */
export class ModelStreamError extends ModelError {
  readonly code = "TOLLGATE_MODEL_STREAM";

  constructor(url: string, detail: string, options?: { readonly cause?: unknown }) {
    super(url, `${url} gave an unusable answer: ${detail}`, options);
  }
}
