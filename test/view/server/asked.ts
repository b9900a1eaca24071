import { request } from "node:http";

export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** A request as it is given, byte for byte: `fetch` would tidy the path and write a Host of its own. */
export async function ask(
  url: string,
  path: string,
  given: { readonly method?: string; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<Answered> {
  const { hostname, port } = new URL(url);
  return await new Promise((resolve, reject) => {
    const sent = request(
      { hostname, port, path, method: given.method ?? "GET", headers: given.headers ?? {}, agent: false },
      (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (text: string) => (body += text));
        response.once("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        );
        response.once("error", reject);
      },
    );
    sent.once("error", reject);
    sent.end();
  });
}
