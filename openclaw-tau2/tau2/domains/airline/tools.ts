import { calculate } from "../../python/calculate.ts";
import { REQUIRED } from "../../python/call.ts";
import { dictField, hasKey, item } from "../../python/container.ts";
import { valueError } from "../../python/error.ts";
import { pyStr } from "../../python/repr.ts";
import { defineToolkit, methodsOf } from "../../contract/toolkit.ts";
import { airports } from "./airports.ts";
import { bookReservation } from "./booking.ts";
import { Certificate, FlightDB } from "./data-model.ts";
import { searchDirect, searchOneStop } from "./search.ts";
import { AirlineToolkit } from "./toolkit.ts";
import { cancelReservation, updateBaggages, updateFlights, updatePassengers } from "./update.ts";

/** tau2 assumes that a task sends at most three certificates. */
const NEW_CERTIFICATE_IDS = ["certificate_3221322", "certificate_3221323", "certificate_3221324"];

const method = methodsOf<AirlineToolkit>();
const trip = { origin: REQUIRED, destination: REQUIRED, date: REQUIRED } as const;

export const airlineTools = defineToolkit<AirlineToolkit>({
  className: "AirlineTools",
  database: FlightDB,
  create: (db, services) => new AirlineToolkit(db, services),
  methods: {
    book_reservation: method(
      {
        user_id: REQUIRED,
        origin: REQUIRED,
        destination: REQUIRED,
        flight_type: REQUIRED,
        cabin: REQUIRED,
        flights: REQUIRED,
        passengers: REQUIRED,
        payment_methods: REQUIRED,
        total_baggages: REQUIRED,
        nonfree_baggages: REQUIRED,
        insurance: REQUIRED,
      },
      bookReservation,
    ),

    calculate: method({ expression: REQUIRED }, (_kit, args) => calculate(args.expression)),

    cancel_reservation: method({ reservation_id: REQUIRED }, (kit, args) =>
      cancelReservation(kit, args.reservation_id),
    ),

    get_reservation_details: method({ reservation_id: REQUIRED }, (kit, args) => {
      const reservations = dictField(kit.db, "reservations");
      if (hasKey(reservations, args.reservation_id)) return item(reservations, args.reservation_id);
      throw valueError(`Reservation ${pyStr(args.reservation_id)} not found`);
    }),

    get_user_details: method({ user_id: REQUIRED }, (kit, args) => {
      const users = dictField(kit.db, "users");
      if (hasKey(users, args.user_id)) return item(users, args.user_id);
      throw valueError(`User ${pyStr(args.user_id)} not found`);
    }),

    list_all_airports: method({}, airports),

    search_direct_flight: method(trip, searchDirect),

    search_onestop_flight: method(trip, searchOneStop),

    send_certificate: method({ user_id: REQUIRED, amount: REQUIRED }, (kit, { user_id, amount }) => {
      const methods = dictField(kit.ownUser(user_id), "payment_methods");
      const id = NEW_CERTIFICATE_IDS.find((candidate) => !methods.has(candidate));
      if (id === undefined) throw valueError("Too many certificates");
      methods.set(id, kit.make(Certificate, { id, amount, source: "certificate" }));
      return `Certificate ${id} added to user ${pyStr(user_id)} with amount ${pyStr(amount)}.`;
    }),

    transfer_to_human_agents: method({ summary: REQUIRED }, () => "Transfer successful"),

    update_reservation_baggages: method(
      {
        reservation_id: REQUIRED,
        total_baggages: REQUIRED,
        nonfree_baggages: REQUIRED,
        payment_id: REQUIRED,
      },
      updateBaggages,
    ),

    update_reservation_flights: method(
      { reservation_id: REQUIRED, cabin: REQUIRED, flights: REQUIRED, payment_id: REQUIRED },
      updateFlights,
    ),

    update_reservation_passengers: method(
      { reservation_id: REQUIRED, passengers: REQUIRED },
      updatePassengers,
    ),

    get_flight_status: method({ flight_number: REQUIRED, date: REQUIRED }, (kit, args) =>
      kit.flightInstance(args.flight_number, args.date).get("status"),
    ),
  },
});
