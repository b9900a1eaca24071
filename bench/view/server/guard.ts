/** What a request says before anybody answers it. */
export interface ViewRequest {
  readonly method: string;
  /** As the browser names the server. */
  readonly host: string | undefined;
  /** The target of the request line. */
  readonly target: string;
}

export interface Refusal {
  readonly status: 400 | 403 | 405;
  readonly message: string;
}

/**
 * This machine by its own names, at any port: a tunnel (`ssh -L`) has another one. A page of somebody else can let a name of its own point
 * here (DNS rebinding), and its requests then say that name.
 */
const ownNames = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i;

/** Why a request is not answered; null when it is. Runs are only looked at here: nothing but GET and HEAD is known. */
export function refusalOf({ method, host, target }: ViewRequest): Refusal | null {
  if (host === undefined || !ownNames.test(host))
    return {
      status: 403,
      message:
        "This page is served to this machine only, as localhost or 127.0.0.1. From another machine use a tunnel: ssh -L PORT:127.0.0.1:PORT.",
    };
  if (method !== "GET" && method !== "HEAD")
    return { status: 405, message: "Nothing can be changed here: only GET and HEAD are answered." };
  if (!target.startsWith("/") || pathParts(target) === null)
    return { status: 400, message: "The address cannot be read." };
  return null;
}

/** The decoded parts of a path; null where it cannot be decoded. A part may hold anything: nothing here is a path of the disk. */
export function pathParts(target: string): readonly string[] | null {
  const path = target.split(/[?#]/, 1)[0] ?? "";
  try {
    return path
      .split("/")
      .filter((part) => part !== "")
      .map((part) => decodeURIComponent(part));
  } catch (error) {
    if (error instanceof URIError) return null;
    throw error;
  }
}
