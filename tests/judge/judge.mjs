// Executes documents with graphql-js over data that it is given, and says where other executors' answers are wrong.
// One JSON object per line in, one per line out, in the same order; README.md has the format.

import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { buildASTSchema, execute, isListType, isNonNullType, parse, validate, validateSchema, visit } from "graphql";
import { field } from "./field.mjs";

const schemas = new Map();

/** What graphql-js says about one request (a parsed line); never throws. */
export function judge(request) {
  const { id } = request;
  try {
    const verdict = execution(request, schemaOf(request));
    if (request.answers) {
      verdict.objections = Object.fromEntries(
        Object.entries(request.answers).map(([name, answer]) => [name, objections(verdict, answer)]),
      );
    }
    return { id, ...verdict };
  } catch (error) {
    return { id, fault: String(error?.stack ?? error) };
  }
}

function schemaOf({ schema, sdl }) {
  if (sdl !== undefined) {
    schemas.set(schema, { sdl, ...schemasOf(sdl, schemas.get(schema)) });
  }
  const known = schemas.get(schema);
  if (!known) throw new Error(`schema ${JSON.stringify(schema)}: its first request must bring the "sdl"`);
  return known;
}

function schemasOf(sdl, known) {
  if (known?.sdl === sdl) return known;
  const strict = buildASTSchema(parse(sdl));
  const problems = validateSchema(strict);
  if (problems.length > 0) throw new Error(problems.map((p) => p.message).join("\n"));
  return { strict, lenient: buildASTSchema(nullable(parse(sdl))) };
}

/** The same schema with every output type nullable: no failure spreads there, so each one shows. */
function nullable(document) {
  return visit(document, {
    FieldDefinition: (field) => ({ ...field, type: visit(field.type, { NonNullType: { leave: (type) => type.type } }) }),
  });
}

function execution({ document, operation, variables, root, rows }, { strict, lenient }) {
  let parsed;
  try {
    parsed = parse(document);
  } catch (error) {
    return { invalid: [told(error)] };
  }
  const invalid = validate(strict, parsed);
  if (invalid.length > 0) return { invalid: invalid.map(told) };

  const run = (schema, fieldResolver) =>
    execute({ schema, document: parsed, operationName: operation, variableValues: variables, rootValue: root ?? {}, fieldResolver });
  const { data, errors = [] } = run(strict, field(rows));
  if (data === undefined) return { refused: errors.map(told) };

  const possible = run(lenient, loudly(strict, field(rows))).errors ?? [];
  return {
    data,
    errors: errors.map((error) => ({ ...told(error), landed: landed(data, error.path) })),
    possible: possible.map(({ path, locations }) => ({ path, locations })),
  };
}

function told({ message, path, locations }) {
  return { message, path, locations };
}

/** For the lenient schema: a null where the strict one forbids it is still an error there. */
function loudly(strict, resolve) {
  const checked = (value, type, name) => {
    if (isNonNullType(type)) {
      return value === null ? new Error(`Cannot return null for non-nullable field ${name}.`) : checked(value, type.ofType, name);
    }
    if (isListType(type) && Array.isArray(value)) return value.map((item) => checked(item, type.ofType, name));
    return value;
  };
  return (row, args, context, info) => {
    const { parentType, fieldName } = info;
    const { type } = strict.getType(parentType.name).getFields()[fieldName];
    return checked(resolve(row, args, context, info), type, `${parentType.name}.${fieldName}`);
  };
}

/** Where in `data` the failure at `path` shows: the null that it became or that swallowed it. */
function landed(data, path = []) {
  let at = data;
  for (let depth = 0; depth < path.length; depth++) {
    if (at === null || at === undefined) return path.slice(0, depth);
    at = at[path[depth]];
  }
  return path;
}

/** What the specification leaves no room for; see "When an answer is right" in README.md. */
function objections(verdict, answer) {
  const given = answer.errors ?? [];
  if (verdict.invalid || verdict.refused) {
    const found = [];
    if (answer.data !== undefined) found.push("data: must be absent, the request is to be refused");
    if (given.length === 0) found.push("errors: none, though the request is to be refused");
    return found;
  }
  const found = difference(verdict.data, answer.data, "data");
  if ("errors" in answer && given.length === 0) found.push("errors: present but empty");
  if (found.length > 0) return found;

  const key = JSON.stringify;
  const possible = new Map(verdict.possible.map((error) => [key(error.path), error]));
  const seen = new Set();
  const places = new Set();
  for (const error of given) {
    const path = key(error.path);
    const known = possible.get(path);
    if (!known) {
      found.push(`errors: nothing fails at ${path}`);
      continue;
    }
    if (seen.has(path)) found.push(`errors: ${path} is told twice`);
    seen.add(path);
    places.add(key(landed(verdict.data, error.path)));
    const locations = new Set(known.locations.map(key));
    const at = error.locations ?? [];
    if (at.length === 0 || !at.every(({ line, column }) => locations.has(key({ line, column })))) {
      found.push(`errors: ${path} is at ${key(known.locations)}, not ${key(error.locations)}`);
    }
  }
  for (const place of new Set(verdict.errors.map((error) => key(error.landed)))) {
    if (!places.has(place)) found.push(`errors: nothing explains the null at ${place}`);
  }
  return found;
}

/** The first difference between two JSON values; unlike in JSON, the order of an object's keys counts. */
function difference(expected, given, at) {
  if (Array.isArray(expected) && Array.isArray(given)) {
    if (expected.length !== given.length) return [`${at}: ${given.length} items, not ${expected.length}`];
    return first(expected.keys(), (n) => difference(expected[n], given[n], `${at}[${n}]`));
  }
  if (isObject(expected) && isObject(given)) {
    const [keys, others] = [Object.keys(expected), Object.keys(given)];
    if (keys.join() !== others.join()) return [`${at}: fields ${others.join()}, not ${keys.join()}`];
    return first(keys, (name) => difference(expected[name], given[name], `${at}.${name}`));
  }
  return expected === given ? [] : [`${at}: ${JSON.stringify(given)}, not ${JSON.stringify(expected)}`];
}

function first(keys, differences) {
  for (const key of keys) {
    const found = differences(key);
    if (found.length > 0) return found;
  }
  return [];
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    if (line.trim() === "") continue;
    let verdict;
    try {
      verdict = judge(JSON.parse(line));
    } catch (error) {
      verdict = { fault: `not a request: ${error.message}` };
    }
    process.stdout.write(`${JSON.stringify(verdict)}\n`);
  }
}
