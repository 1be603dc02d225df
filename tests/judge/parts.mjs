// Executes documents with `@defer` by graphql-js 17, in both forms, over data as judge.mjs takes it.
// One JSON object per line in, one per line out, in the same order; README.md has the format.

import { createInterface } from "node:readline";
import {
  GraphQLDeferDirective,
  GraphQLSchema,
  buildASTSchema,
  experimentalExecuteIncrementally,
  legacyExecuteIncrementally,
  parse,
  specifiedDirectives,
  validate,
} from "graphql17";
import { field } from "./field.mjs";

const schemas = new Map();

function schemaOf(sdl) {
  if (!schemas.has(sdl)) {
    const built = buildASTSchema(parse(sdl)).toConfig();
    schemas.set(sdl, new GraphQLSchema({ ...built, directives: [...specifiedDirectives, GraphQLDeferDirective] }));
  }
  return schemas.get(sdl);
}

async function parts(execute, args) {
  const result = await execute(args);
  if (!("initialResult" in result)) return [result];
  const all = [result.initialResult];
  for await (const part of result.subsequentResults) all.push(part);
  return all;
}

async function told({ id, sdl, document, variables, root, rows }) {
  const schema = schemaOf(sdl);
  const parsed = parse(document);
  const invalid = validate(schema, parsed);
  if (invalid.length > 0) return { id, invalid };
  const args = { schema, document: parsed, variableValues: variables, rootValue: root ?? {}, fieldResolver: field(rows) };
  return {
    id,
    current: await parts(experimentalExecuteIncrementally, args),
    former: await parts(legacyExecuteIncrementally, args),
  };
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  if (line.trim() === "") continue;
  let verdict;
  try {
    verdict = await told(JSON.parse(line));
  } catch (error) {
    verdict = { fault: String(error?.stack ?? error) };
  }
  process.stdout.write(`${JSON.stringify(verdict)}\n`);
}
