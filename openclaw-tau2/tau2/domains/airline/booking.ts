import { equal, ordered } from "../../python/compare.ts";
import { dictField, hasKey, item, iterate, length, listField } from "../../python/container.ts";
import { PythonError, valueError } from "../../python/error.ts";
import { deepCopy } from "../../python/shared-model.ts";
import { addInPlace, multiply, subtract, sum } from "../../python/number.ts";
import { pyRepr, pyStr } from "../../python/repr.ts";
import type { PyDict, PyValue } from "../../python/value.ts";
import { FlightDateStatusAvailable, FlightInfo, Passenger, Payment } from "./data-model.ts";
import { Reservation, ReservationFlight } from "./data-model.ts";
import { requestedFlight } from "./toolkit.ts";
import type { AirlineToolkit } from "./toolkit.ts";
import { Model } from "../../python/value.ts";

const NOW = "2024-05-15T15:00:00";
/** tau2 assumes that a task makes at most three reservations. */
const NEW_RESERVATION_IDS = ["HATHAT", "HATHAU", "HATHAV"];
const INSURANCE_PER_PASSENGER = 30;
const PRICE_PER_BAG = 50;

export type BookingArguments = Readonly<
  Record<
    | "user_id"
    | "origin"
    | "destination"
    | "flight_type"
    | "cabin"
    | "flights"
    | "passengers"
    | "payment_methods"
    | "total_baggages"
    | "nonfree_baggages"
    | "insurance",
    PyValue
  >
>;

interface BookedSeats {
  readonly flightNumber: string;
  readonly date: string;
}

/** Books in the order of tau2's checks: arguments, user, models, flights, money; then writes. */
export function bookReservation(kit: AirlineToolkit, args: BookingArguments): Model {
  const flights = kit.modelsOf(FlightInfo, args.flights);
  const passengers = kit.modelsOf(Passenger, args.passengers);
  const payments = kit.modelsOf(Payment, args.payment_methods);
  const user = kit.ownUser(args.user_id);
  const reservation = newReservation(kit, { ...args, passengers, payment_methods: payments });
  const count = length(passengers);
  const { seats, price } = reserveFlights(kit, reservation, { flights, cabin: args.cabin, count });
  let total = price;
  if (equal(args.insurance, "yes")) total = addInPlace(total, INSURANCE_PER_PASSENGER * count);
  total = addInPlace(total, multiply(PRICE_PER_BAG, args.nonfree_baggages));
  const paid = iterate(payments).map(asModel);
  checkPayments(user, paid, total);
  takePayments(user, paid);
  for (const { flightNumber, date } of seats) {
    const free = kit.ownSeats(flightNumber, date);
    free.set(pyStr(args.cabin), subtract(item(free, args.cabin), count));
  }
  const reservationId = pyStr(reservation.get("reservation_id"));
  dictField(kit.db, "reservations").set(reservationId, reservation);
  listField(user, "reservations").push(reservationId);
  return reservation;
}

function newReservation(kit: AirlineToolkit, args: BookingArguments): Model {
  const reservations = dictField(kit.db, "reservations");
  const reservationId = NEW_RESERVATION_IDS.find((id) => !reservations.has(id));
  if (reservationId === undefined) throw valueError("Too many reservations");
  const { payment_methods, passengers, ...rest } = args;
  return kit.make(Reservation, {
    ...rest,
    reservation_id: reservationId,
    flights: [],
    passengers: deepCopy(passengers),
    payment_history: deepCopy(payment_methods),
    created_at: NOW,
  });
}

interface Itinerary {
  readonly flights: PyValue;
  readonly cabin: PyValue;
  /** How many passengers travel. */
  readonly count: number;
}

/** Adds the flights to the reservation. Gives their price for all passengers and the seats to take. */
function reserveFlights(
  kit: AirlineToolkit,
  reservation: Model,
  { flights, cabin, count }: Itinerary,
): { seats: BookedSeats[]; price: PyValue } {
  const seats: BookedSeats[] = [];
  let total: PyValue = 0;
  for (const requested of iterate(flights)) {
    const { number, date } = requestedFlight(requested);
    const offer = availableFlight(kit, { number, date, cabin, count });
    listField(reservation, "flights").push(offer);
    seats.push({ flightNumber: pyStr(number), date: pyStr(date) });
    total = addInPlace(total, multiply(offer.get("price"), count));
  }
  return { seats, price: total };
}

interface FlightRequest {
  readonly number: PyValue;
  readonly date: PyValue;
  readonly cabin: PyValue;
  readonly count: number;
}

/** A flight with enough seats as part of a reservation. Throws tau2's errors. */
export function availableFlight(kit: AirlineToolkit, { number, date, cabin, count }: FlightRequest): Model {
  const flight = kit.flight(number);
  const instance = kit.flightInstance(number, date);
  if (instance.type !== FlightDateStatusAvailable) {
    throw valueError(`Flight ${pyStr(number)} not available on date ${pyStr(date)}`);
  }
  if (ordered(item(dictField(instance, "available_seats"), cabin), "<", count)) {
    throw valueError(`Not enough seats on flight ${pyStr(number)}`);
  }
  return kit.make(ReservationFlight, {
    origin: flight.get("origin"),
    destination: flight.get("destination"),
    flight_number: number,
    date,
    price: item(dictField(instance, "prices"), cabin),
  });
}

function checkPayments(user: Model, payments: readonly Model[], total: PyValue): void {
  const methods = dictField(user, "payment_methods");
  for (const payment of payments) {
    const id = payment.get("payment_id");
    if (!hasKey(methods, id)) throw valueError(`Payment method ${pyStr(id)} not found`);
    const method = asModel(item(methods, id));
    if (method.get("source") === "credit_card") continue;
    if (ordered(method.get("amount"), "<", payment.get("amount"))) {
      throw valueError(`Not enough balance in payment method ${pyStr(id)}`);
    }
  }
  const paid = sum(payments.map((payment) => payment.get("amount")));
  if (!equal(paid, total)) {
    throw valueError(
      `Payment amount does not add up, total price is ${pyStr(total)}, but paid ${pyStr(paid)}`,
    );
  }
}

/** A certificate that is named twice is gone the second time: KeyError, with the earlier payments already taken. */
function takePayments(user: Model, payments: readonly Model[]): void {
  const methods: PyDict = dictField(user, "payment_methods");
  for (const payment of payments) {
    const id = payment.get("payment_id");
    const method = asModel(item(methods, id));
    if (method.get("source") === "gift_card") {
      method.set("amount", subtract(method.get("amount"), payment.get("amount")));
    } else if (method.get("source") === "certificate") {
      methods.delete(pyStr(id));
    }
  }
}

function asModel(value: PyValue): Model {
  if (value instanceof Model) return value;
  throw new PythonError("TypeError", `unexpected ${pyRepr(value)}`);
}
