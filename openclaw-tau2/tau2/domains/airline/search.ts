import { equal, ordered } from "../../python/compare.ts";
import { dictField, hasKey } from "../../python/container.ts";
import { pyStr } from "../../python/repr.ts";
import type { PyValue } from "../../python/value.ts";
import { DirectFlight } from "./data-model.ts";
import type { AirlineToolkit } from "./toolkit.ts";
import { Model } from "../../python/value.ts";

interface Search {
  readonly date: PyValue;
  /** null: any. */
  readonly origin: PyValue;
  readonly destination: PyValue;
  readonly leaveAfter: PyValue;
}

/** The flights with free seats for sale that match, in database order. Their `date` is null. */
function directFlights(kit: AirlineToolkit, search: Search): Model[] {
  const found: Model[] = [];
  for (const number of kit.flightNumbersFrom(search.origin)) {
    const flight = kit.flight(number);
    if (search.destination !== null && !equal(flight.get("destination"), search.destination)) continue;
    const dates = dictField(flight, "dates");
    if (!hasKey(dates, search.date)) continue;
    const instance = dates.get(search.date);
    if (!(instance instanceof Model) || instance.get("status") !== "available") continue;
    const departure = flight.get("scheduled_departure_time_est");
    if (search.leaveAfter !== null && !ordered(departure, ">=", search.leaveAfter)) continue;
    found.push(directFlight(flight, instance));
  }
  return found;
}

/** All values come from the validated database, so nothing needs to be checked again. */
function directFlight(flight: Model, instance: Model): Model {
  return new Model(
    DirectFlight,
    DirectFlight.fields.map(({ name }) => {
      if (name === "date") return null;
      return name === "status" || name === "available_seats" || name === "prices"
        ? instance.get(name)
        : flight.get(name);
    }),
  );
}

export function searchDirect(
  kit: AirlineToolkit,
  trip: { origin: PyValue; destination: PyValue; date: PyValue },
): Model[] {
  return directFlights(kit, { ...trip, leaveAfter: null });
}

/** Pairs of flights. tau2 writes the next day without padding and compares times as text; both are kept. */
export function searchOneStop(
  kit: AirlineToolkit,
  { origin, destination, date }: { origin: PyValue; destination: PyValue; date: PyValue },
): PyValue[] {
  const pairs: PyValue[] = [];
  for (const first of directFlights(kit, { date, origin, destination: null, leaveAfter: null })) {
    first.set("date", date);
    const arrival = first.get("scheduled_arrival_time_est");
    const secondDate = pyStr(arrival).includes("+1") ? nextDay(pyStr(date)) : date;
    const onward = { date: secondDate, origin: first.get("destination"), destination, leaveAfter: arrival };
    for (const second of directFlights(kit, onward)) {
      second.set("date", secondDate);
      pairs.push([first, second]);
    }
  }
  return pairs;
}

function nextDay(date: string): string {
  return `2024-05-${Number(date.slice(-2)) + 1}`;
}
