const list = (text: string): readonly string[] => text.split(" ");

/** Sixteen of each, so that an index names a combination. They are made up or plain: no model can know what is said of them. */
const words = {
  colour: list(
    "amber azure bronze cobalt copper coral crimson ebony hazel indigo ivory olive russet silver teal violet",
  ),
  place: list(
    "harbor mill orchard quarry bridge garden tower ferry chapel cellar market island meadow station valley lodge",
  ),
  first: list("Ada Bruno Clara Daven Elin Farid Greta Henrik Ines Jonas Kaia Luca Mira Nadim Odile Piet"),
  last: list(
    "Lindqvist Arkwell Moreau Tarkis Venn Okoro Halloway Brandt Sorel Quist Ferro Maddox Ilves Petrov Nakata Dorn",
  ),
  craft: list(
    "Foundry Press Weavers Brewery Glassworks Pottery Sawmill Bakery Tannery Shipyard Printers Clockmakers Bindery Smithy Dyers Millers",
  ),
  cityStart: list("Tav Bel Mor Kal Ver Sol Dun Fen Gar Hol Jas Lor Nim Ost Rav Zel"),
  cityEnd: list("ira mont ton aven ek una ford stad ora wick enza quay oth essa borg ily"),
} as const;

/** How many different names of two words there are. */
export const names = 256;

/** Of two lists one word each; all 256 indexes differ. */
function pairAt(index: number, [first, second]: readonly [readonly string[], readonly string[]]) {
  const one = first[index % 16] ?? "";
  const other = second[(Math.floor(index / 16) + 5 * index) % 16] ?? "";
  return [one, other] as const;
}

/** `amber harbor` */
export const placeName = (index: number) => pairAt(index, [words.colour, words.place]).join(" ");
/** `Ada Lindqvist` */
export const personName = (index: number) => pairAt(index, [words.first, words.last]).join(" ");
/** `Tavira` */
export const cityName = (index: number) => pairAt(index, [words.cityStart, words.cityEnd]).join("");

/** `Amber harbor Foundry`; there are 4096. */
export function companyName(index: number): string {
  const [colour, craft] = pairAt(index % names, [words.colour, words.craft]);
  const place = words.place[Math.floor(index / names) % 16] ?? "";
  return `${colour.charAt(0).toUpperCase()}${colour.slice(1)} ${place} ${craft}`;
}
