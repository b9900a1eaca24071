import { z } from "zod";

/**
 * Address of a server as every client of it writes its base URL: with or without `/v1`, with or without a slash at its
 * end. What is kept is the part before `/v1`.
 */
export function baseUrl() {
  return z
    .url({
      protocol: /^https?$/,
      error: "write the server's address as http://HOST:PORT or https://HOST",
    })
    .overwrite(withoutApiPath);
}

/** `http://h:1` for `http://h:1/v1/` and for `http://h:1/v1/chat/completions`; other paths stay. */
export function withoutApiPath(url: string): string {
  return url
    .trim()
    .replace(/[?#].*$/, "")
    .replace(/\/+$/, "")
    .replace(/\/v1(\/(chat\/completions|completions|models))?$/, "")
    .replace(/\/+$/, "");
}
