import { z } from "zod";

/**
 * Address of a server as every client of it writes its base URL: with or without `/v1`, with or without a slash at its
 * end. What is kept is the part before `/v1`.
 */
export function baseUrl(error = "write the server's address as http://HOST:PORT or https://HOST") {
  return z
    .url({
      protocol: /^https?$/,
      error,
    })
    .overwrite(withoutApiPath);
}

/** `http://h:1` for `http://h:1/v1/` and for `http://h:1/v1/chat/completions`; other paths stay. */
export function withoutApiPath(url: string): string {
  // A host may be called v1 as well.
  const [, host = "", path = ""] = /^(\w+:\/\/[^/?#]*)?(.*)$/s.exec(url.trim()) ?? [];
  const bare = path
    .replace(/[?#].*$/s, "")
    .replace(/\/+$/, "")
    .replace(/\/v1(\/(chat\/completions|completions|models))?$/, "")
    .replace(/\/+$/, "");
  return host + bare;
}

/** Address of a page, as it is. */
export function pageUrl() {
  return z.url({
    protocol: /^https?$/,
    error: "write the page's whole address, e.g. http://HOST:PORT/metrics",
  });
}
