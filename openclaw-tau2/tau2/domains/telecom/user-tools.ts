import { REQUIRED } from "../../python/call.ts";
import { defineToolkit, methodsOf } from "../../contract/toolkit.ts";
import { PhoneToolkit } from "./phone-toolkit.ts";
import { appAndPaymentTools } from "./user-app-tools.ts";
import { userAssertions } from "./user-assertions.ts";
import { connectionTools } from "./user-connection-tools.ts";
import { TelecomUserDB } from "./user-data-model.ts";
import { networkInitialization, networkTools, statusTools } from "./user-network-tools.ts";

const method = methodsOf<PhoneToolkit>();

const userInformation = {
  set_user_info: method({ name: REQUIRED, phone_number: REQUIRED }, ({ surroundings }, args) => {
    surroundings.set("name", args.name);
    surroundings.set("phone_number", args.phone_number);
    return null;
  }),

  set_user_location: method({ abroad: REQUIRED }, ({ surroundings }, { abroad }) => {
    surroundings.set("is_abroad", abroad);
    return null;
  }),
};

export const telecomUserTools = defineToolkit({
  className: "TelecomUserTools",
  database: TelecomUserDB,
  create: (db, services) => new PhoneToolkit(db, services),
  methods: {
    ...userInformation,
    ...statusTools,
    ...networkTools,
    ...networkInitialization,
    ...connectionTools,
    ...appAndPaymentTools,
    ...userAssertions,
  },
});
