/** What the page does: a heading sorts, a task opens. Small, in the page itself, and allowed there by its hash. */
export const pageScript = `
"use strict";
const table = document.querySelector("table.tasks");
const body = table.tBodies[0];
const heads = [...table.tHead.rows[0].cells];
const valueOf = (row, at) => {
  const text = row.cells[at].dataset.value;
  return text === "" ? null : Number.isNaN(Number(text)) ? text : Number(text);
};
const order = (a, b) =>
  a === b ? 0 : a === null ? 1 : b === null ? -1 : typeof a === "number" && typeof b === "number" ? a - b : String(a) < String(b) ? -1 : 1;
heads.forEach((head, at) => {
  head.querySelector("button").addEventListener("click", () => {
    const up = head.getAttribute("aria-sort") !== "ascending";
    for (const other of heads) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const pairs = [...body.rows].filter((row) => !row.classList.contains("details")).map((row) => [row, row.nextElementSibling]);
    pairs.sort(([a], [b]) => {
      const [x, y] = [valueOf(a, at), valueOf(b, at)];
      return up || x === null || y === null ? order(x, y) : order(y, x);
    });
    for (const [row, details] of pairs) body.append(row, details);
  });
});
body.addEventListener("click", (event) => {
  const button = event.target.closest("button[aria-expanded]");
  if (button === null) return;
  const open = button.getAttribute("aria-expanded") !== "true";
  button.setAttribute("aria-expanded", String(open));
  document.getElementById(button.getAttribute("aria-controls")).hidden = !open;
});
`.replaceAll(/\n\s+/g, "\n");
