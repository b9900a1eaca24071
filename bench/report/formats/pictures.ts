import type { Picture } from "../tables/document.ts";
import { drawCurve } from "./curve-picture.ts";
import { drawHeat } from "./heat-picture.ts";
import { drawIntervals } from "./interval-picture.ts";
import { drawLines } from "./line-picture.ts";
import { drawOverTime } from "./over-time-picture.ts";
import { drawStack } from "./stack-picture.ts";

/** A picture as a `<figure>`; null where there is too little to draw. */
export function drawPicture(picture: Picture): string | null {
  switch (picture.kind) {
    case "intervals":
      return drawIntervals(picture);
    case "lines":
      return drawLines(picture);
    case "curve":
      return drawCurve(picture);
    case "heat":
      return drawHeat(picture);
    case "stack":
      return drawStack(picture);
    case "over-time":
      return drawOverTime(picture);
  }
}
