import { alike } from "./count-lies.ts";
import { cutMadeClean } from "./failure-lies.ts";
import type { Asked, Lie, Reply } from "./lie.ts";

const kept = new Map<string, Reply>();

/** Cuts, retries, caches and alters, all in one run, and answers most requests as an honest gateway would. */
export const worst: Lie = {
  serve: async (asked) => {
    const reply = await answered(asked);
    kept.set(alike(asked.text), reply);
    return reply;
  },
};

async function answered(asked: Asked): Promise<Reply> {
  const { count, text, ask } = asked;
  switch (count % 8) {
    case 1:
      return ask(text.replace('"temperature":0', '"temperature":0.7'));
    case 2:
      return spoken(await ask());
    case 3:
      return cutMadeClean(asked, "stop");
    case 4:
      await ask();
      return ask();
    case 5:
    case 6:
      return kept.get(alike(text)) ?? ask();
    default:
      return ask();
  }
}

/** Text in capitals, and calls with other digits in their arguments. */
function spoken({ text, ...reply }: Reply): Reply {
  if (text === null) return { ...reply, text };
  return {
    ...reply,
    text: text
      .replaceAll(/"content":"([^"]+)"/g, (_, content: string) => `"content":"${content.toUpperCase()}"`)
      .replaceAll(
        /"arguments":"([^"]*)"/g,
        (_, part: string) => `"arguments":"${part.replaceAll(/\d/g, "9")}"`,
      ),
  };
}
