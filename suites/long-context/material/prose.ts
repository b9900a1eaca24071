import { below, type Rng } from "../../../bench/statistics/rng.ts";

/** Parts of plain sentences. There is no digit in them, so that no number in an answer can come from here. */
const parts = {
  when: "In the morning|At noon|Late in the evening|On the first day of the week|After the long rain|Before the gates were opened|When the lamps were lit|In the third month|During the harvest|On a windy afternoon|Shortly after the fair|At the end of the season",
  who: "the keeper|an old clerk|the younger sister|a travelling carpenter|the night watch|two apprentices|the owner of the boat|a quiet stranger|the schoolmaster|the baker's wife|the surveyor|a group of neighbours",
  did: "counted|carried|repaired|described|hid|painted|looked for|sold|measured|sorted|forgot|brought back",
  what: "a crate of apples|the broken clock|several rolls of cloth|the map of the coast|a pair of oars|the heavy curtain|the letters from the north|a bag of seeds|the copper kettle|the list of guests|a wooden ladder|the old songbook",
  where:
    "behind the stable|near the river|in the upper room|under the stairs|along the harbour wall|beside the well|at the edge of the wood|in front of the town hall|across the square|by the eastern gate|between the two barns|on the flat roof",
  so: "and nobody asked why|and the work went on|because the road was closed|while the children watched|although the price had fallen|until the bell was rung|and wrote a short note about it|so that the cart could pass|as it had been agreed|and the dog followed|before the snow came|without saying a word",
} as const;

const choices = Object.values(parts).map((text) => text.split("|"));

/** One sentence of some twenty words; there are three million. */
export function sentence(rng: Rng): string {
  const [when = "", who = "", did = "", what = "", where = "", then = ""] = choices.map(
    (list) => list[below(rng, list.length)],
  );
  return `${when} ${who} ${did} ${what} ${where} ${then}.`;
}
