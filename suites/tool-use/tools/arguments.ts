import { z } from "zod";

const word = z.string();
const path = word.min(1);
const empty = z.strictObject({});

/** What each tool takes: as strict as its definition, because a model that sends a text for a number has not sent one. */
export const argumentSchemas = {
  list_folder: z.strictObject({ path: path.default(".") }),
  read_file: z.strictObject({ path }),
  write_file: z.strictObject({ path, content: word }),
  append_to_file: z.strictObject({ path, content: word }),
  move_file: z.strictObject({ from: path, to: path }),
  copy_file: z.strictObject({ from: path, to: path }),
  delete_file: z.strictObject({ path }),
  find_files: z.strictObject({ pattern: word.min(1), folder: path.default(".") }),
  search_text: z.strictObject({ text: word.min(1), folder: path.default(".") }),
  run_command: z.strictObject({ command: word.min(1), timeout_seconds: z.int().min(1).max(600).default(30) }),
  get_variable: z.strictObject({
    name: word.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "a name of letters, digits and _"),
  }),
  list_processes: empty,
  stop_process: z.strictObject({ name: word.min(1) }),
  search_products: z.strictObject({
    query: word.optional(),
    max_price: z.number().optional(),
    in_stock: z.boolean().optional(),
    tags: z.array(word).optional(),
  }),
  get_product: z.strictObject({ product_id: z.int() }),
  create_order: z.strictObject({
    product_id: z.int(),
    quantity: z.int(),
    express: z.boolean().default(false),
    note: word.optional(),
  }),
  get_order: z.strictObject({ order_id: word.min(1) }),
  list_orders: empty,
  cancel_order: z.strictObject({
    order_id: word.min(1),
    reason: z.enum(["changed_mind", "too_slow", "wrong_item"]),
  }),
  convert_currency: z.strictObject({ amount: z.number(), from: word, to: word }),
  http_request: z.strictObject({
    method: z.enum(["GET", "POST", "PATCH", "DELETE"]),
    path: word.regex(/^\//, "a path begins with a slash"),
    body: z.record(z.string(), z.unknown()).optional(),
  }),
};

export type ArgumentsOf<Name extends keyof typeof argumentSchemas> = z.infer<(typeof argumentSchemas)[Name]>;
