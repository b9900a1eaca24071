import { StartError } from "../../../bench/errors.ts";
import type { LongCase } from "../contract/cases.ts";
import type { TokenCounter } from "../counting/counter.ts";
import { Layout } from "../text/layout.ts";

export interface ExactPrompt {
  readonly text: string;
  /** Of the whole prompt; by how it was counted, `length` of its case. */
  readonly tokens: number;
}

/** Where a text with so many fillers lies. */
interface Sized {
  readonly fillers: number;
  readonly tokens: number;
}

/** Rounds of coming closer; three are enough where tokens are spread evenly over the text. */
const roundsMax = 12;
const corrections = 6;
/** A short text of a case says how many tokens a character of a long one is. Nothing is learnt from other cases: each stays the same. */
const sampleFillers = 20;
const leastPerCharacter = 0.01;

/**
 * The text of a case with exactly as many tokens as its length says: as many fillers as fit, then single words of one token
 * each. Fillers are added where the text ends and shift no boundary before them, so tokens grow with them.
 * @throws {StartError} where that cannot be done
 */
export async function exactPrompt(one: LongCase, counter: TokenCounter): Promise<ExactPrompt> {
  const layout = new Layout(one);
  const { fillers, tokens } = await longestBelow(layout, one, counter);
  let padding = one.length - tokens;
  let text = layout.text(fillers, counter.unit.repeat(padding));
  // A count that costs a whole prefill is not asked again: the answer to the prompt says whether it is right.
  if (counter.dear) return { text, tokens: one.length };
  for (let round = 0; round < corrections; round += 1) {
    const counted = await counter.count(text);
    if (counted === one.length) return { text, tokens: counted };
    padding += one.length - counted;
    if (padding < 0) break;
    text = layout.text(fillers, counter.unit.repeat(padding));
  }
  throw cannotBuild(
    one,
    `no number of words "${counter.unit.trim()}" at its end makes ${one.length} tokens of it`,
  );
}

/** The text with the most fillers that is not too long, or one that lacks little. */
async function longestBelow(layout: Layout, one: LongCase, counter: TokenCounter): Promise<Sized> {
  const count = async (fillers: number): Promise<Sized> => ({
    fillers,
    tokens: await counter.count(layout.text(fillers, "")),
  });
  const empty = { fillers: 0, tokens: await counter.count(layout.text(0, "")) };
  if (empty.tokens > one.length)
    throw cannotBuild(one, `question and pieces alone are ${empty.tokens} tokens. Write a greater length`);
  const sample = await count(sampleFillers);
  const perCharacterOf = (sized: Sized) =>
    Math.max(leastPerCharacter, (sized.tokens - empty.tokens) / layout.characters(sized.fillers));
  let perCharacter = perCharacterOf(sample);
  let below: Sized = sample.tokens > one.length ? empty : sample;
  let above: Sized | null = sample.tokens > one.length ? sample : null;
  for (let round = 0; round < roundsMax && one.length - below.tokens > enough(counter); round += 1) {
    const wanted = nextFillers(layout, { below, above, missing: one.length - below.tokens, perCharacter });
    if (wanted === null) break;
    const sized = await count(wanted);
    perCharacter = perCharacterOf(sized);
    if (sized.tokens > one.length) above = sized;
    else if (sized.tokens > below.tokens) below = sized;
    else throw cannotBuild(one, cutText(sized, below, counter));
  }
  return below;
}

/** How much single words may make up for. */
function enough({ dear }: TokenCounter): number {
  return dear ? 512 : 12;
}

/** As many as are estimated to fit; null where not one more does. */
function nextFillers(
  layout: Layout,
  {
    below,
    above,
    missing,
    perCharacter,
  }: {
    readonly below: Sized;
    readonly above: Sized | null;
    readonly missing: number;
    readonly perCharacter: number;
  },
): number | null {
  const most = above === null ? Infinity : above.fillers - 1;
  if (most <= below.fillers) return null;
  const room = layout.characters(below.fillers) + missing / perCharacter;
  let fillers = below.fillers;
  while (fillers < most && layout.characters(fillers + 1) <= room) fillers += 1;
  return fillers === below.fillers ? null : fillers;
}

function cutText(sized: Sized, below: Sized, { about }: TokenCounter): string {
  return `${sized.fillers} blocks count ${sized.tokens} tokens and ${below.fillers} blocks ${below.tokens} (${about}). Whoever counts cuts long prompts. Write shorter lengths, or set workload.tokenizer to the model's folder`;
}

function cannotBuild({ taskId, length }: LongCase, why: string): StartError {
  return new StartError(
    "workload",
    `No prompt of exactly ${length} tokens can be built for ${taskId}: ${why}.`,
  );
}
