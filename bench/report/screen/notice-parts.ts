import type { Notice } from "../tables/document.ts";
import { blank, line, type Part } from "./layout.ts";
import { plain, toned } from "./styled-text.ts";

/** That cells cannot be used, before anything that looks like a result. */
export function noticeParts(notice: Notice | null): readonly Part[] {
  if (notice === null) return [];
  const { heading, meaning, groups, advice } = notice;
  return [
    blank,
    line([toned("bad", heading)]),
    line([plain(meaning)], 0),
    ...groups.flatMap(({ heading: arm, sentences }) => [
      line([toned("strong", arm)]),
      ...sentences.map((sentence) => line([plain(`- ${sentence}`)])),
    ]),
    ...(advice.length === 0
      ? []
      : [line([toned("strong", "What to do")]), ...advice.map((text) => line([plain(`- ${text}`)]))]),
  ];
}
