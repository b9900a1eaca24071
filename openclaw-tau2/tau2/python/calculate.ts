import { addInPlace, multiplyNumbers, negate, round2, subtract, toDouble } from "./number.ts";
import { floatRepr } from "./float-text.ts";
import { iterate } from "./container.ts";
import { parseExpression } from "./expression.ts";
import type { Argument, Expression } from "./expression.ts";
import { typeError, valueError } from "./error.ts";
import { pyStr, typeName } from "./repr.ts";
import { divide, floorDivide, power } from "./division.ts";
import { PyFloat } from "./value.ts";
import type { PyInt, PyValue } from "./value.ts";

const ALLOWED = "0123456789+-*/(). ";

/** The other values that such an expression can have: `()`, `...` and the root of a negative number. */
const TUPLE = { type: "tuple", text: "()" } as const;
const ELLIPSIS = { type: "ellipsis", text: "Ellipsis" } as const;
const COMPLEX = { type: "complex", text: "complex" } as const;
type Other = typeof TUPLE | typeof ELLIPSIS | typeof COMPLEX;
type Result = PyInt | PyFloat | Other;

function isOther(result: Result): result is Other {
  return typeof result === "object" && !(result instanceof PyFloat);
}

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
  if (isOther(result)) {
    throw typeError(`float() argument must be a string or a real number, not '${result.type}'`);
  }
  return result instanceof PyFloat ? result.value : toDouble(result);
}

function nameOf(result: Result): string {
  return isOther(result) ? result.type : typeName(result);
}

function evaluate(expression: Expression): Result {
  switch (expression.kind) {
    case "number":
      return expression.value;
    case "tuple":
      return TUPLE;
    case "ellipsis":
      return ELLIPSIS;
    case "call":
      return call(evaluate(expression.callee), expression.argument);
    case "unary":
      return sign(expression.operator, evaluate(expression.operand));
    case "binary":
      break;
  }
  return operate(expression.operator, evaluate(expression.left), evaluate(expression.right));
}

/** Nothing here can be called; the only question is which error Python raises first. */
function call(callee: Result, argument: Argument | null): never {
  const value = argument === null ? null : evaluate(argument.value);
  if (argument !== null && value !== null && argument.spread !== null) {
    const required = argument.spread === "*" ? "an iterable" : "a mapping";
    if (argument.spread === "**" || value !== TUPLE) {
      const text = isOther(callee) ? callee.text : pyStr(callee);
      throw typeError(`${text} argument after ${argument.spread} must be ${required}, not ${nameOf(value)}`);
    }
  }
  throw typeError(`'${nameOf(callee)}' object is not callable`);
}

function sign(operator: string, operand: Result): Result {
  if (operand === COMPLEX) return COMPLEX;
  if (isOther(operand)) throw typeError(`bad operand type for unary ${operator}: '${operand.type}'`);
  return operator === "-" ? negate(operand) : operand;
}

function operate(operator: string, left: Result, right: Result): Result {
  if (isOther(left) || isOther(right)) return operateOnOthers(operator, left, right);
  switch (operator) {
    case "+":
      return addInPlace(left, right);
    case "-":
      return subtract(left, right);
    case "*":
      return multiplyNumbers(left, right);
    case "/":
      return divide(left, right);
    case "//":
      return floorDivide(left, right);
    default:
      return power(left, right) ?? COMPLEX;
  }
}

/** Tuples can be added to tuples and repeated by ints; complex numbers know all operators but `//`. */
function operateOnOthers(operator: string, left: Result, right: Result): Result {
  if (left === TUPLE && operator === "+") {
    if (right === TUPLE) return TUPLE;
    throw typeError(`can only concatenate tuple (not "${nameOf(right)}") to tuple`);
  }
  if (operator === "*" && (left === TUPLE || right === TUPLE)) {
    const other = left === TUPLE ? right : left;
    if (typeof other !== "object") return TUPLE;
    throw typeError(`can't multiply sequence by non-int of type '${nameOf(other)}'`);
  }
  const isComplex = (value: Result): boolean => value === COMPLEX || !isOther(value);
  if (operator !== "//" && isComplex(left) && isComplex(right)) return COMPLEX;
  const symbol = operator === "**" ? "** or pow()" : operator;
  throw typeError(`unsupported operand type(s) for ${symbol}: '${nameOf(left)}' and '${nameOf(right)}'`);
}
