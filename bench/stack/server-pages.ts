import { z } from "zod";
import { StartError } from "../errors.ts";
import { askServer, type ServerAnswer } from "./ask-server.ts";

/** What a question to a server has to send. */
export interface Asking {
  readonly apiKey: string;
  readonly signal: AbortSignal;
}

export type PageFields = Readonly<Record<string, unknown>>;

/** A page that nobody has to have; null for another status, anything but a JSON object, and no answer. */
export async function optionalPage(url: string, asking: Asking): Promise<PageFields | null> {
  const answer = await optionalAnswer(url, asking);
  const { success, data } = z.record(z.string(), z.unknown()).safeParse(answer?.json);
  return answer?.status === 200 && success ? data : null;
}

async function optionalAnswer(url: string, asking: Asking): Promise<ServerAnswer | null> {
  try {
    return await askServer(url, asking);
  } catch (error) {
    if (error instanceof StartError) return null;
    throw error;
  }
}

/**
 * What a server says about itself at `/server_info`, as an object; null where it does not say. The endpoint is SGLang's and
 * nobody has to have it.
 */
export async function serverInfoOf(url: string, asking: Asking): Promise<PageFields | null> {
  for (const path of ["/server_info", "/get_server_info"]) {
    const page = await optionalPage(`${url}${path}`, asking);
    if (page !== null && serverInfoKeys.some((key) => key in page)) return page;
  }
  return null;
}

/** One of these is in every form of SGLang's page; an error in a 200 has none. */
export const sglangInfoKeys = [
  "model_path",
  "served_model_name",
  "simulator",
  "internal_states",
  "tp_size",
] as const;
const serverInfoKeys = [...sglangInfoKeys, "version", "pid"];
