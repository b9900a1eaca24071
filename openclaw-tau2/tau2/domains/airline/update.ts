import { equal, ordered } from "../../python/compare.ts";
import { attribute, dictField, hasKey, item, iterate, length, listField } from "../../python/container.ts";
import { valueError } from "../../python/error.ts";
import { deepCopy } from "../../python/shared-model.ts";
import { addInPlace, multiply, negate, subtract, sum } from "../../python/number.ts";
import type { Model, PyValue } from "../../python/value.ts";
import { availableFlight } from "./booking.ts";
import { FlightInfo, Passenger, Payment } from "./data-model.ts";
import { requestedFlight } from "./toolkit.ts";
import type { AirlineToolkit } from "./toolkit.ts";

const PRICE_PER_BAG = 50;

type Arguments<Name extends string> = Readonly<Record<Name, PyValue>>;

/** Pays a price difference: takes it from a gift card at once, and gives the payment to record when it is not 0. */
function paymentForUpdate(
  kit: AirlineToolkit,
  user: Model,
  { payment_id, price }: Arguments<"payment_id" | "price">,
): Model | null {
  const methods = dictField(user, "payment_methods");
  if (!hasKey(methods, payment_id)) throw valueError("Payment method not found");
  const method = item(methods, payment_id) as Model;
  const source = method.get("source");
  if (source === "certificate") throw valueError("Certificate cannot be used to update reservation");
  if (source === "gift_card") {
    const balance = method.get("amount");
    if (ordered(balance, "<", price)) throw valueError("Gift card balance is not enough");
    method.set("amount", subtract(balance, price));
  }
  return equal(price, 0) ? null : kit.make(Payment, { payment_id, amount: price });
}

export function updateBaggages(
  kit: AirlineToolkit,
  args: Arguments<"reservation_id" | "total_baggages" | "nonfree_baggages" | "payment_id">,
): Model {
  const reservation = kit.ownReservation(args.reservation_id);
  const user = kit.ownUser(reservation.get("user_id"));
  const added = subtract(args.nonfree_baggages, reservation.get("nonfree_baggages"));
  const price = multiply(PRICE_PER_BAG, ordered(added, ">", 0) ? added : 0);
  const payment = paymentForUpdate(kit, user, { payment_id: args.payment_id, price });
  if (payment !== null) listField(reservation, "payment_history").push(payment);
  reservation.set("total_baggages", args.total_baggages);
  reservation.set("nonfree_baggages", args.nonfree_baggages);
  return reservation;
}

export function updateFlights(
  kit: AirlineToolkit,
  args: Arguments<"reservation_id" | "cabin" | "flights" | "payment_id">,
): Model {
  const requested = kit.modelsOf(FlightInfo, args.flights);
  const reservation = kit.ownReservation(args.reservation_id);
  const user = kit.ownUser(reservation.get("user_id"));
  const { flights, price } = rebookedFlights(kit, reservation, { requested, cabin: args.cabin });
  const paid = sum(listField(reservation, "flights").map((flight) => attribute(flight, "price")));
  const count = length(reservation.get("passengers"));
  const difference = subtract(price, multiply(paid, count));
  const payment = paymentForUpdate(kit, user, { payment_id: args.payment_id, price: difference });
  if (payment !== null) listField(reservation, "payment_history").push(payment);
  reservation.set("flights", flights);
  reservation.set("cabin", args.cabin);
  return reservation;
}

/** The new itinerary; flights that stay in the same cabin keep their price. Seats are not taken, as in tau2. */
function rebookedFlights(
  kit: AirlineToolkit,
  reservation: Model,
  { requested, cabin }: Arguments<"requested" | "cabin">,
): { flights: Model[]; price: PyValue } {
  const booked = listField(reservation, "flights") as readonly Model[];
  const count = length(reservation.get("passengers"));
  const flights: Model[] = [];
  let price: PyValue = 0;
  for (const request of iterate(requested)) {
    const { number, date } = requestedFlight(request);
    const kept = booked.find(
      (flight) =>
        equal(flight.get("flight_number"), number) &&
        equal(flight.get("date"), date) &&
        equal(cabin, reservation.get("cabin")),
    );
    const flight = kept ?? availableFlight(kit, { number, date, cabin, count });
    price = addInPlace(price, multiply(flight.get("price"), count));
    flights.push(flight);
  }
  return { flights, price };
}

export function updatePassengers(
  kit: AirlineToolkit,
  args: Arguments<"reservation_id" | "passengers">,
): Model {
  const passengers = kit.modelsOf(Passenger, args.passengers);
  const reservation = kit.ownReservation(args.reservation_id);
  if (length(passengers) !== length(reservation.get("passengers"))) {
    throw valueError("Number of passengers does not match");
  }
  reservation.set("passengers", deepCopy(passengers));
  return reservation;
}

/** Cancels and records the refunds. Seats stay taken, as in tau2. */
export function cancelReservation(kit: AirlineToolkit, reservationId: PyValue): Model {
  const reservation = kit.ownReservation(reservationId);
  const history = listField(reservation, "payment_history");
  const refunds = history.map((payment) =>
    kit.make(Payment, {
      payment_id: attribute(payment, "payment_id"),
      amount: negate(attribute(payment, "amount")),
    }),
  );
  history.push(...refunds);
  reservation.set("status", "cancelled");
  return reservation;
}
