import { below, createRng, type Rng } from "../../../bench/statistics/rng.ts";
import { questionCount, type Material, type LongQuestion } from "./material.ts";
import { sentence } from "./prose.ts";
import { cityName, companyName, names, personName } from "./words.ts";

const founded = (company: string, person: string) => `The ${company} was founded by ${person}.`;
const meets = (company: string, city: string) => `The ${company} holds its annual meeting in ${city}.`;

/** Companies of questions have numbers below `questionCount`; those of other documents do not. */
const otherCompanies = 4096 - questionCount;

/** A question that two of many documents answer together, among others of the same form. */
export const documents: Material = {
  opening: "Here are documents about companies. Read them; a question about them follows at the end.",
  question(index): LongQuestion {
    const rng = createRng(3_000 + index);
    const [company, person, city] = [companyName(index), personName(index), cityName(index)];
    const facts = [founded(company, person), meets(company, city)];
    const key = `company that ${person} founded hold its annual meeting?`;
    return {
      pieces: [
        document(rng, { title: `The founding of the ${company}`, fact: facts[0] ?? "" }),
        document(rng, { title: `Meetings of the ${company}`, fact: facts[1] ?? "" }),
      ],
      needs: facts,
      ask: `In which city does the ${key} Answer with the name of the city and nothing else.`,
      key,
      expected: [city],
    };
  },
  filler(rng) {
    const company = companyName(questionCount + below(rng, otherCompanies));
    const other = () => questionCount + below(rng, names - questionCount);
    return rng.next() < 0.5
      ? document(rng, {
          title: `The founding of the ${company}`,
          fact: founded(company, personName(other())),
        })
      : document(rng, { title: `Meetings of the ${company}`, fact: meets(company, cityName(other())) });
  },
};

function document(rng: Rng, { title, fact }: { readonly title: string; readonly fact: string }): string {
  const [before, after] = [sentence(rng), sentence(rng)];
  return `Document: ${title}\n${before} ${fact} ${after}\n`;
}

/** Every city that a document of this kind may name. */
export const cities: readonly string[] = Array.from({ length: names }, (_, index) => cityName(index));
