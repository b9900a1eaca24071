import { add, asInt, multiply, negate, round2, subtract, toDouble } from "./number.ts";
import { floatRepr } from "./float-text.ts";
import { iterate } from "./container.ts";
import { parseExpression } from "./expression.ts";
import type { Expression } from "./expression.ts";
import { PythonError, typeError, valueError } from "./error.ts";
import { typeName } from "./repr.ts";
import { divide, floorDivide, power } from "./division.ts";
import { PyFloat } from "./value.ts";
import type { PyValue } from "./value.ts";

const ALLOWED = "0123456789+-*/(). ";

/** A value that an expression can also have: `()` and `...`. */
type Result = PyValue | typeof TUPLE | typeof ELLIPSIS;
const TUPLE: unique symbol = Symbol("tuple");
const ELLIPSIS: unique symbol = Symbol("ellipsis");

/**
 * tau2's `calculate`: Python's `str(round(float(eval(expression)), 2))` over digits, `+-*\/()`, dots and spaces.
 * Throws what Python raises, syntax errors before arithmetic ones.
 */
export function calculate(expression: PyValue): string {
  for (const character of iterate(expression)) {
    if (typeof character !== "string") {
      throw typeError(`'in <string>' requires string as left operand, not ${typeName(character)}`);
    }
    if (!ALLOWED.includes(character)) throw valueError("Invalid characters in expression");
  }
  if (typeof expression !== "string") {
    throw typeError("eval() arg 1 must be a string, bytes or code object");
  }
  return floatRepr(round2(asFloat(evaluate(parseExpression(expression)))));
}

function asFloat(result: Result): number {
  if (typeof result === "symbol") {
    throw typeError(`float() argument must be a string or a real number, not '${nameOf(result)}'`);
  }
  if (result instanceof PyFloat) return result.value;
  const int = asInt(result);
  if (int === undefined) throw typeError(`float() argument must be a real number, not '${typeName(result)}'`);
  return toDouble(int);
}

function nameOf(result: Result): string {
  if (result === TUPLE) return "tuple";
  if (result === ELLIPSIS) return "ellipsis";
  return typeName(result);
}

function evaluate(expression: Expression): Result {
  switch (expression.kind) {
    case "number":
      return expression.value;
    case "tuple":
      return TUPLE;
    case "ellipsis":
      return ELLIPSIS;
    case "call": {
      const callee = evaluate(expression.callee);
      for (const argument of expression.arguments) evaluate(argument);
      throw typeError(`'${nameOf(callee)}' object is not callable`);
    }
    case "unary":
      return sign(expression.operator, evaluate(expression.operand));
    case "binary":
      break;
  }
  return operate(expression.operator, evaluate(expression.left), evaluate(expression.right));
}

function sign(operator: string, operand: Result): Result {
  if (typeof operand === "symbol") {
    throw typeError(`bad operand type for unary ${operator}: '${nameOf(operand)}'`);
  }
  return operator === "-" ? negate(operand) : operand;
}

function operate(operator: string, left: Result, right: Result): Result {
  if (typeof left === "symbol" || typeof right === "symbol") return operateOnOthers(operator, left, right);
  switch (operator) {
    case "+":
      return add(left, right);
    case "-":
      return subtract(left, right);
    case "*":
      return multiply(left, right);
    case "/":
      return divide(left, right);
    case "//":
      return floorDivide(left, right);
    default:
      return power(left, right);
  }
}

/** Tuples can be added to tuples and repeated by ints; nothing else is possible. */
function operateOnOthers(operator: string, left: Result, right: Result): Result {
  if (left === TUPLE && operator === "+") {
    if (right === TUPLE) return TUPLE;
    throw typeError(`can only concatenate tuple (not "${nameOf(right)}") to tuple`);
  }
  if (operator === "*" && (left === TUPLE || right === TUPLE)) {
    const other = left === TUPLE ? right : left;
    if (typeof other !== "symbol" && asInt(other) !== undefined) return TUPLE;
    throw typeError(`can't multiply sequence by non-int of type '${nameOf(other)}'`);
  }
  const symbol = operator === "**" ? "** or pow()" : operator;
  throw new PythonError(
    "TypeError",
    `unsupported operand type(s) for ${symbol}: '${nameOf(left)}' and '${nameOf(right)}'`,
  );
}
