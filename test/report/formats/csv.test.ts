import { expect, test } from "vitest";
import { csvText } from "../../../bench/report/formats/csv.ts";

test("columns are those of all rows; what a row lacks is empty, and false is not", () => {
  const rows: Parameters<typeof csvText>[0] = [
    { cell: "a", pass_hat_1: 0 },
    { cell: "b", pass_hat_1: null, pass_hat_2: false },
  ];
  expect(csvText(rows)).toBe("cell,pass_hat_1,pass_hat_2\na,0,\nb,,false\n");
});

test("commas, quotes and line ends stay inside of their field", () => {
  expect(csvText([{ reasons: 'x, "y"', note: "a\nb" }])).toBe('reasons,note\n"x, ""y""","a\nb"\n');
});
