import { request } from "undici";
import { StartError, messageOf } from "../../../errors.ts";
import { boundedText, descriptionBytesMax } from "../../../host/bounded-body.ts";

export interface Registration {
  readonly arm: string;
  readonly adminKey: string;
  readonly routerUrl: string;
  readonly dataProxyUrl: string;
  readonly gatewayUrl: string;
  readonly model: string;
}

/**
 * Makes the data proxy known to the router: what AReaL's controller does after it has started the three. The router
 * before the gateway, which asks it.
 * @throws {StartError}
 */
export async function registerDataProxy(registration: Registration): Promise<void> {
  for (const { url, body } of registrations(registration)) await post(url, body, registration);
}

/** The two requests, in their order. */
export function registrations({
  routerUrl,
  gatewayUrl,
  dataProxyUrl,
  model,
}: Omit<Registration, "arm" | "adminKey">): readonly { readonly url: string; readonly body: object }[] {
  const known = { model, url: "", api_key: null, data_proxy_addrs: [dataProxyUrl] };
  return [
    { url: `${routerUrl}/register`, body: { worker_addr: dataProxyUrl } },
    { url: `${gatewayUrl}/register_model`, body: known },
  ];
}

async function post(url: string, body: object, { arm, adminKey }: Registration): Promise<void> {
  const failed = (why: string, cause?: unknown) =>
    new StartError(arm, `Arm ${arm}: POST ${url} failed: ${why}. AReaL's logs say more.`, { cause });
  const answer = await request(url, {
    method: "POST",
    headers: { authorization: `Bearer ${adminKey}`, "content-type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(30_000),
  }).catch((cause: unknown) => {
    throw failed(messageOf(cause), cause);
  });
  const text = await boundedText(answer.body, descriptionBytesMax);
  // v1.0.3 has no models to register and needs none.
  const absent = answer.statusCode === 404 && url.endsWith("/register_model");
  if (answer.statusCode >= 300 && !absent) throw failed(`${answer.statusCode} ${text.slice(0, 300)}`);
}
