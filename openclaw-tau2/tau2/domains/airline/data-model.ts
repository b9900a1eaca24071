import {
  defineModel,
  dict,
  list,
  literal,
  modelField,
  optional,
  union,
  withDefault,
} from "../../python/field-type.ts";
import { float, int, str } from "../../python/scalar-type.ts";
import type { ModelType } from "../../python/value.ts";

const cabinClass = literal("business", "economy", "basic_economy");

export const AirportCode = defineModel("AirportCode", { iata: str, city: str });

const Name = defineModel("Name", { first_name: str, last_name: str });

const Address = defineModel("Address", {
  address1: str,
  address2: withDefault(optional(str), null),
  city: str,
  country: str,
  state: str,
  zip: str,
});

export const Payment = defineModel("Payment", { payment_id: str, amount: int });

const PaymentMethodBase = defineModel("PaymentMethodBase", { source: str, id: str });

const CreditCard = defineModel(
  "CreditCard",
  { source: literal("credit_card"), brand: str, last_four: str },
  { base: PaymentMethodBase },
);

const GiftCard = defineModel(
  "GiftCard",
  { source: literal("gift_card"), amount: float },
  { base: PaymentMethodBase },
);

export const Certificate = defineModel(
  "Certificate",
  { source: literal("certificate"), amount: float },
  { base: PaymentMethodBase },
);

export const Passenger = defineModel("Passenger", { first_name: str, last_name: str, dob: str });

const seatCounts = dict(int, cabinClass);

export const FlightDateStatusAvailable = defineModel("FlightDateStatusAvailable", {
  status: literal("available"),
  available_seats: seatCounts,
  prices: seatCounts,
});

const FlightDateStatusLanded = defineModel("FlightDateStatusLanded", {
  status: literal("landed"),
  actual_departure_time_est: str,
  actual_arrival_time_est: str,
});

const FlightDateStatusCancelled = defineModel("FlightDateStatusCancelled", { status: literal("cancelled") });

/** The states in which a departure and an arrival are only estimated. */
function estimatedStatus(name: string, status: string): ModelType {
  return defineModel(name, {
    status: literal(status),
    estimated_departure_time_est: str,
    estimated_arrival_time_est: str,
  });
}

const FlightDataStatusFlying = defineModel("FlightDataStatusFlying", {
  status: literal("flying"),
  actual_departure_time_est: str,
  estimated_arrival_time_est: str,
});

const flightDateStatus = union(
  modelField(FlightDateStatusAvailable),
  modelField(FlightDateStatusLanded),
  modelField(FlightDateStatusCancelled),
  modelField(estimatedStatus("FlightDateStatusDelayed", "delayed")),
  modelField(FlightDataStatusFlying),
  modelField(estimatedStatus("FlightDataStatusOnTime", "on time")),
);

const FlightBase = defineModel("FlightBase", { flight_number: str, origin: str, destination: str });

const Flight = defineModel(
  "Flight",
  { scheduled_departure_time_est: str, scheduled_arrival_time_est: str, dates: dict(flightDateStatus) },
  { base: FlightBase },
);

export const DirectFlight = defineModel(
  "DirectFlight",
  {
    status: literal("available"),
    scheduled_departure_time_est: str,
    scheduled_arrival_time_est: str,
    date: withDefault(optional(str), null),
    available_seats: seatCounts,
    prices: seatCounts,
  },
  { base: FlightBase },
);

export const ReservationFlight = defineModel(
  "ReservationFlight",
  { date: str, price: int },
  { base: FlightBase },
);

export const FlightInfo = defineModel("FlightInfo", { flight_number: str, date: str });

const User = defineModel("User", {
  user_id: str,
  name: modelField(Name),
  address: modelField(Address),
  email: str,
  dob: str,
  payment_methods: dict(union(modelField(CreditCard), modelField(GiftCard), modelField(Certificate))),
  saved_passengers: list(modelField(Passenger)),
  membership: literal("gold", "silver", "regular"),
  reservations: list(str),
});

export const Reservation = defineModel("Reservation", {
  reservation_id: str,
  user_id: str,
  origin: str,
  destination: str,
  flight_type: literal("round_trip", "one_way"),
  cabin: cabinClass,
  flights: list(modelField(ReservationFlight)),
  passengers: list(modelField(Passenger)),
  payment_history: list(modelField(Payment)),
  created_at: str,
  total_baggages: int,
  nonfree_baggages: int,
  insurance: literal("yes", "no"),
  status: withDefault(optional(literal("cancelled")), null),
});

export const FlightDB = defineModel(
  "FlightDB",
  {
    flights: dict(modelField(Flight)),
    users: dict(modelField(User)),
    reservations: dict(modelField(Reservation)),
  },
  { forbidsExtra: true },
);
