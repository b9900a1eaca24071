import { attribute, dictField, hasKey } from "../../python/container.ts";
import { valueError } from "../../python/error.ts";
import { ownEntry } from "../../python/shared-model.ts";
import { pyStr } from "../../python/repr.ts";
import { iterate } from "../../python/container.ts";
import type { ModelType, PyDict, PyValue } from "../../python/value.ts";
import { Toolkit } from "../../contract/toolkit.ts";
import { Model } from "../../python/value.ts";

/** What the airline's tools have in common: look-ups that raise tau2's errors. `own…` give a model to write to. */
export class AirlineToolkit extends Toolkit {
  #indexed: PyDict | null = null;
  #byOrigin = new Map<string, string[]>();

  ownUser(userId: PyValue): Model {
    const users = dictField(this.db, "users");
    if (!hasKey(users, userId)) throw valueError(`User ${pyStr(userId)} not found`);
    return ownEntry(users, userId);
  }

  ownReservation(reservationId: PyValue): Model {
    const reservations = dictField(this.db, "reservations");
    if (!hasKey(reservations, reservationId)) {
      throw valueError(`Reservation ${pyStr(reservationId)} not found`);
    }
    return ownEntry(reservations, reservationId);
  }

  /** A flight for reading. */
  flight(flightNumber: PyValue): Model {
    const flights = dictField(this.db, "flights");
    if (!hasKey(flights, flightNumber)) throw valueError(`Flight ${pyStr(flightNumber)} not found`);
    return modelIn(flights, flightNumber);
  }

  /** The state of a flight on a date, for reading. */
  flightInstance(flightNumber: PyValue, date: PyValue): Model {
    const dates = dictField(this.flight(flightNumber), "dates");
    if (!hasKey(dates, date)) {
      throw valueError(`Flight ${pyStr(flightNumber)} not found on date ${pyStr(date)}`);
    }
    return modelIn(dates, date);
  }

  /** The free seats of a flight that exists on that date, for writing. */
  ownSeats(flightNumber: string, date: string): PyDict {
    const flight = ownEntry(dictField(this.db, "flights"), flightNumber);
    return dictField(modelIn(dictField(flight, "dates"), date), "available_seats");
  }

  /** Flight numbers in database order, of one origin or of all. Flights are never added and never move. */
  flightNumbersFrom(origin: PyValue): Iterable<string> {
    const flights = dictField(this.db, "flights");
    if (origin === null) return flights.keys();
    if (this.#indexed !== flights) {
      this.#indexed = flights;
      this.#byOrigin = Map.groupBy(flights.keys(), (number) => pyStr(modelIn(flights, number).get("origin")));
    }
    return typeof origin === "string" ? (this.#byOrigin.get(origin) ?? []) : [];
  }

  /** The arguments' dicts as models when all are dicts; else the argument as it came, as tau2 leaves it. */
  modelsOf(type: ModelType, argument: PyValue): PyValue {
    const items = iterate(argument);
    if (!items.every((item) => item instanceof Map)) return argument;
    return items.map((item) => this.makeFrom(type, item));
  }
}

function modelIn(dict: PyDict, key: string): Model {
  const model = dict.get(key);
  if (!(model instanceof Model)) throw new Error(`bug: no model under ${key}`);
  return model;
}

/** Python's `value.flight_number` and `value.date` of a requested flight, which may be anything. */
export function requestedFlight(value: PyValue): { number: PyValue; date: PyValue } {
  return { number: attribute(value, "flight_number"), date: attribute(value, "date") };
}
