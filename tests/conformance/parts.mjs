// Reads an operation with `@defer` by Apollo Client, as a browser would, in each of the forms that it speaks.
//
//   node parts.mjs <url of /graphql> <file of the operation> <variables as JSON> <path of what is put off, a.b.c>
//
// Exits 1 unless, in each form, the first result is without what is put off, the last has it, and that is what the same
// server answers to somebody who takes no parts.

import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { Defer20220824Handler, GraphQL17Alpha9Handler } from "@apollo/client/incremental";
import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { readFile } from "node:fs/promises";

const [url, file, variables, path] = process.argv.slice(2);
if (!path) {
  console.error("usage: node parts.mjs <url of /graphql> <file of the operation> <variables> <path of what is put off>");
  process.exit(64);
}
const text = await readFile(file, "utf8");
const given = JSON.parse(variables);
const at = (data) => path.split(".").reduce((value, key) => value?.[key], data);

/** Without what Apollo adds to the document. */
const plain = (value) => {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== "__typename").map(([key, item]) => [key, plain(item)]));
};

const response = await fetch(url, {
  method: "POST",
  headers: { "content-type": "application/json", accept: "application/json" },
  body: JSON.stringify({ query: text, variables: given }),
});
const whole = await response.json();
deepStrictEqual(whole.errors, undefined);
ok(at(whole.data), `nothing at ${path}: the world has too little`);

for (const [form, incrementalHandler] of [
  ["multipart/mixed; deferSpec=20220824", new Defer20220824Handler()],
  ["multipart/mixed; incrementalSpec=v0.2", new GraphQL17Alpha9Handler()],
]) {
  let media;
  const watched = async (to, init) => {
    const answer = await fetch(to, init);
    media = answer.headers.get("content-type");
    return answer;
  };
  const client = new ApolloClient({
    link: ApolloLink.from([new HttpLink({ uri: url, fetch: watched })]),
    cache: new InMemoryCache(),
    incrementalHandler,
  });
  const results = [];
  await new Promise((done, failed) => {
    const query = client.watchQuery({ query: gql(text), variables: given, errorPolicy: "all" });
    query.subscribe({
      error: failed,
      next: (result) => {
        if (result.error) failed(result.error);
        if (result.data) results.push(result);
        if (result.dataState === "complete") done();
      },
    });
  });
  client.stop();
  ok(media.startsWith("multipart/mixed"), `${form}: the answer is ${media}`);
  const [first, last] = [results[0], results.at(-1)];
  strictEqual(first.dataState, "streaming", `${form}: the first result is ${first.dataState}`);
  strictEqual(at(first.data), undefined, `${form}: the first result has what is put off`);
  deepStrictEqual(plain(last.data), plain(whole.data), `${form}: the last result`);
  console.log(`ok     ${form}: ${results.length} results`);
}
