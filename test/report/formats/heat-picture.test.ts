import { expect, test } from "vitest";
import { drawHeat } from "../../../bench/report/formats/heat-picture.ts";

const picture = {
  title: "Passed by length and <depth>",
  xAxis: "length",
  yAxis: "depth",
  xs: ["8192", "32768"],
  ys: ["0", "0.5"],
  fields: [
    { x: 0, y: 0, share: 1, text: "100 % of 4" },
    { x: 1, y: 0, share: 0, text: "0 % of 4" },
    { x: 1, y: 1, share: null, text: "-" },
  ],
};

test("a field where somebody was asked, with its share in words", () => {
  const drawn = drawHeat(picture) ?? "";
  expect(drawn.match(/<rect /g)).toHaveLength(3);
  expect(drawn).toContain('class="heat none"');
  for (const { text } of picture.fields) expect(drawn).toContain(`>${text}</text>`);
});

test("who sees no picture is told every place, and names of others are text", () => {
  const drawn = drawHeat(picture) ?? "";
  expect(drawn).toContain(
    'aria-label="Passed by length and &lt;depth&gt;. length 8192, depth 0: 100 % of 4; length 32768, depth 0: 0 % of 4; length 32768, depth 0.5: -"',
  );
  expect(drawn).not.toContain("<depth>");
});

test("the fuller, the larger the share", () => {
  const fills = [0, 0.25, 0.5, 1].map((share) => {
    const fields = [{ x: 0, y: 0, share, text: "" }];
    return Number(/fill-opacity="([\d.]+)"/.exec(drawHeat({ ...picture, fields }) ?? "")?.[1]);
  });
  expect(fills).toEqual(fills.toSorted((a, b) => a - b));
  expect(new Set(fills).size).toBe(4);
});

test("nothing is drawn of nothing; a wide one is scrolled", () => {
  expect(drawHeat({ ...picture, fields: [] })).toBeNull();
  const xs = Array.from({ length: 20 }, (_, at) => String(at));
  expect(drawHeat({ ...picture, xs })).toContain('class="scroll"');
});
