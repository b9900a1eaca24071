import type { Overhead } from "../../analysis/overhead/overhead.ts";
import type { Difference } from "../../analysis/estimates/paired-difference.ts";
import { declaredMarginText } from "../tables/margin-text.ts";
import { isWithin, whyNoFinding } from "../tables/finding-text.ts";
import { placeOf } from "../../store/place.ts";
import type { Floor } from "../../analysis/overhead/floor.ts";
import { absent, alignedDifferenceText, numberText } from "../tables/number-text.ts";
import { blank, labelled, line, type Part } from "./layout.ts";
import { loadHead, loadName, shownLoads } from "./load-name.ts";
import { plain, toned, type StyledText } from "./styled-text.ts";

type Row = readonly StyledText[];
const loadsShown = 4;

/** What every other arm adds to a request on its way, and what the whole episode made of it. None without a second arm. */
export function overheadParts(
  compared: readonly Overhead[],
  {
    proxies,
    floors: found = [],
  }: { readonly proxies: ReadonlySet<string>; readonly floors?: readonly Floor[] | undefined },
): readonly Part[] {
  if (compared.length === 0) return [];
  // A variant is one more place where arms are compared, as a load is.
  const overheads = compared.map((overhead) => ({ ...overhead, load: placeOf(overhead) }));
  const floors = found.map((floor) => ({ ...floor, load: placeOf(floor) }));
  const all = [...new Set(overheads.map(({ load }) => load))];
  const loads = shownLoads(all, loadsShown);
  const shown = overheads.filter(({ load, refused }) => loads.includes(load) && refused === null);
  const others = [...new Set(overheads.flatMap(({ arm }) => (proxies.has(arm) ? [] : [arm])))];
  const [only, more] = others;
  const who = more !== undefined ? "each arm" : (only ?? "a proxy that does nothing");
  const refused = overheads.flatMap((one) => (one.refused === null ? [] : [refusal(one)]));
  const head = loadHead(loads);
  const felt = shown.filter(({ arm }) => !proxies.has(arm) || others.length === 0);
  return [
    line([
      toned("strong", `What ${who === "gateway" ? "the gateway" : who} adds on the way, ms per request`),
      plain(" (95 % interval)"),
    ]),
    ...(shown.length === 0 ? [] : [pathGrid(shown, { head, proxies, floors })]),
    ...refused,
    ...firstTokenLines(shown),
    ...floorLines(floors.filter(({ load, refused }) => loads.includes(load) && refused === null)),
    ...(all.length > loads.length
      ? [line([toned("soft", `  ${all.length - loads.length} more loads: see the tables`)])]
      : []),
    ...(felt.length === 0 ? [] : [feltGrid(felt, head)]),
    ...workLines(felt),
    blank,
  ];
}

function refusal({ load, arm, refused }: Overhead): Part {
  return line(
    [plain(`  ${loadName(load)}  ${arm}  `), toned("bad", "not stated: "), plain(refused ?? "")],
    4,
  );
}

function pathGrid(
  shown: readonly Overhead[],
  {
    head,
    proxies,
    floors,
  }: {
    readonly head: string;
    readonly proxies: ReadonlySet<string>;
    readonly floors: readonly Floor[];
  },
): Part {
  const rows = [...Map.groupBy(shown, ({ load }) => load)].flatMap(([load, same]) => {
    const [arms, controls] = [
      same.filter(({ arm }) => !proxies.has(arm)),
      same.filter(({ arm }) => proxies.has(arm)),
    ];
    const found = arms.length === 0 ? controls : arms;
    const control = arms.length === 0 ? undefined : controls[0];
    const floor = floors.find((known) => known.load === load && known.refused === null);
    return found.flatMap((one, at) => [
      pathRow({ load: loadName(load), arm: one.arm }, pathOf(one), { limited: limitedSpan(one), floor }),
      // What any proxy costs is the same for every arm: it is said once.
      ...(control === undefined || at > 0
        ? []
        : [pathRow({ load: "", arm: "· any proxy" }, pathOf(control), null)]),
      ...(one.aboveProxy === undefined
        ? []
        : [
            pathRow(
              { load: "", arm: "· its own" },
              { ...pathOf(one), ...one.aboveProxy },
              { limited: limitedSpan(one), floor },
            ),
          ]),
    ]);
  });
  const heads = [` ${head}`, "arm", "first token", "whole request"].map((text) => toned("soft", text));
  return { kind: "grid", align: rows[0]?.map(() => "left") ?? [], rows: [heads, ...rows] };
}

/** What the baseline differs from itself by: less is not seen here. */
function floorLines(floors: readonly Floor[]): readonly Part[] {
  const known = floors.flatMap(({ load, arm, pathMs }) => {
    const { low, high } = pathMs.whole.difference;
    return low === null || high === null
      ? []
      : [{ load, arm, upTo: Math.max(Math.abs(low), Math.abs(high)) }];
  });
  const [first] = known;
  if (first === undefined) return [];
  const times = known.map(({ upTo }) => numberText(upTo)).join(" / ");
  const at = known.map(({ load }) => loadName(load)).join(" / ");
  return [
    line([
      toned("soft", "  A/A floor"),
      plain(`  ${first.arm} differs from itself by up to ${times} ms at ${at}`),
    ]),
  ];
}

interface ShownPath extends Pick<Overhead["pathMs"], "firstToken" | "whole"> {
  /** First tokens of the two arms are not the same thing. */
  readonly refused: boolean;
}

function pathOf({ pathMs, firstTokenRefused }: Overhead): ShownPath {
  return { ...pathMs, refused: firstTokenRefused !== undefined };
}

/** Why first tokens are not compared, once. */
function firstTokenLines(shown: readonly Overhead[]): readonly Part[] {
  const reasons = new Set(
    shown.flatMap(({ arm, firstTokenRefused: why }) =>
      why === undefined ? [] : [`${arm}: first tokens are not comparable: ${why.split(": ")[0]}`],
    ),
  );
  return [...reasons].map((reason) => line([toned("doubt", "  ! "), plain(reason)], 4));
}

/** @param judged null: a control, of which nothing is to be found */
function pathRow(
  { load, arm }: { readonly load: string; readonly arm: string },
  { firstToken, whole, refused }: ShownPath,
  judged: { readonly limited: StyledText; readonly floor: Floor | undefined } | null,
): Row {
  return [
    plain(` ${load}`),
    plain(arm),
    refused ? toned("doubt", "not comparable") : plain(alignedDifferenceText(firstToken.difference)),
    plain(alignedDifferenceText(whole.difference)),
    ...(judged === null ? [plain("")] : [findingSpan(whole, judged.floor), judged.limited]),
  ];
}

/** On the way: more is slower. */
function findingSpan(difference: Difference, floor: Floor | undefined): StyledText {
  const declared = declaredMarginText(difference)?.replaceAll("\n", " ");
  if (declared !== undefined && declared !== null) return toned(marginTone(declared), declared);
  const { finding } = difference;
  if (finding === "cannot-tell") return toned("doubt", cannotTell(difference));
  // The same arm twice may differ by as much in this run.
  if (floor !== undefined && isWithin(difference, floor.pathMs.whole)) return toned("doubt", "within A/A");
  return finding === "more" ? toned("bad", "slower") : toned("good", "faster");
}

function marginTone(text: string) {
  if (text.startsWith("inside")) return "good";
  return text.startsWith("outside") ? "bad" : "doubt";
}

/** A latency of a cell whose client was the bottleneck is also the client's; the line `Trust` says which cell. */
function limitedSpan({ cells }: Overhead): StyledText {
  const limited = cells.some(({ verdict }) => verdict === "client-limited");
  return limited ? toned("doubt", "!") : plain("");
}

function feltGrid(shown: readonly Overhead[], head: string): Part {
  const rows = shown.map(({ load, arm, live: { seconds } }): Row => [
    plain(` ${loadName(load)}`),
    plain(arm),
    plain(`${numberText(seconds.baselineMean)} -> ${numberText(seconds.armMean)}`),
    plain(seconds.difference.count === 0 ? absent : alignedDifferenceText(seconds.difference)),
    secondsFinding(seconds),
  ]);
  const heads: Row = [
    // As wide as the first column of the table above.
    toned("strong", "Episodes".padEnd(head.length + 1)),
    toned("soft", "arm"),
    toned("soft", "length, s"),
    toned("soft", "difference"),
  ];
  return { kind: "grid", align: ["left", "left", "left", "left", "left"], rows: [heads, ...rows] };
}

function secondsFinding(seconds: Difference): StyledText {
  const declared = declaredMarginText(seconds)?.replaceAll("\n", " ");
  if (declared !== undefined && declared !== null) return toned(marginTone(declared), declared);
  if (seconds.finding === "more") return toned("bad", "longer");
  if (seconds.finding === "less") return toned("good", "shorter");
  return seconds.unit === "cell pairs" && whyNoFinding(seconds) === "holds 0"
    ? toned("good", "no difference seen")
    : toned("doubt", cannotTell(seconds));
}

/** Beside an interval that leaves 0 out the reason has to stand. */
function cannotTell(difference: Difference): string {
  const why = whyNoFinding(difference);
  if (why === null || why === "holds 0") return "cannot tell";
  return `cannot tell: ${why === "drift" ? why : `${difference.tasks} tasks`}`;
}

/** Reward and tokens say whether the same work was done: with other tokens times differ for that reason, too. */
function workLines(shown: readonly Overhead[]): readonly Part[] {
  if (shown.length === 0) return [];
  const rewards = shown.map(({ load, arm, live: { reward } }) => ({
    place: `${loadName(load)} ${arm}`,
    reward,
  }));
  const found = rewards.filter(({ reward }) => reward.finding !== "cannot-tell");
  const texts = new Set(rewards.map(({ reward }) => rewardText(reward)));
  const [same = ""] = texts;
  const spans =
    found.length > 0
      ? found.map(({ place, reward }) => rewardSpan(place, reward))
      : [
          plain(
            texts.size === 1
              ? same
              : rewards.map(({ place, reward }) => `${place}: ${rewardText(reward)}`).join(", "),
          ),
        ];
  const tokens = shown.flatMap(tokenTexts);
  const said =
    tokens.length > 0
      ? toned("doubt", `; other tokens per episode: ${tokens.join("; ")}`)
      : plain("; tokens per episode the same");
  return [labelled("Reward", [...spans, said])];
}

function rewardText({ baselineMean, armMean }: Difference): string {
  return `${numberText(baselineMean)} -> ${numberText(armMean)}`;
}

function rewardSpan(place: string, reward: Difference): StyledText {
  const text = `${place}: ${rewardText(reward)} `;
  return reward.finding === "less" ? toned("bad", `${text}lower `) : toned("good", `${text}higher `);
}

function tokenTexts({ load, arm, live: { promptTokens, completionTokens } }: Overhead): string[] {
  const said = [["prompt", promptTokens] as const, ["completion", completionTokens] as const].flatMap(
    ([name, difference]) =>
      isZero(difference)
        ? []
        : [
            `${name} ${alignedDifferenceText(difference.difference)} of ${numberText(difference.baselineMean)}`,
          ],
  );
  return said.length === 0 ? [] : [`${loadName(load)} ${arm} ${said.join(", ")}`];
}

function isZero({ difference: { value, low, high, count } }: Difference): boolean {
  return count === 0 || (value === 0 && (low ?? 0) === 0 && (high ?? 0) === 0);
}
