// Apollo Client asks a running BFF for persisted queries, hashed ones by GET.
//
//   node apollo.mjs automatic <url of /graphql>                 documents are stored at run time, under their hash
//   node apollo.mjs registered <url of /graphql> <id of TITLE>  a build has registered TITLE under an id, and nothing else
//   node apollo.mjs text                                        prints TITLE as this client sends it, for that build
//
// Exits 1 unless the client gets its data, by the requests that it should take.

import { strict as assert } from "node:assert";
import { createHash } from "node:crypto";
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { print } from "graphql";
import { of } from "rxjs";

const TITLE = gql`query Title($id: ID!) { albumScreen(id: $id) { title } }`;
const OTHER = gql`query Other($id: ID!) { albumScreen(id: $id) { id title } }`;
const NAME = gql`query Name { __typename }`;
const UNKNOWN = gql`query Unknown { nothing }`;

const [mode, url, id] = process.argv.slice(2);
const sha256 = (text) => createHash("sha256").update(text).digest("hex");

/** A client that has asked nothing yet, and what it sends. */
function client(generateHash) {
  const sent = [];
  const recorded = async (uri, options = {}) => {
    const answer = await fetch(uri, options);
    const { method = "GET", body } = options;
    const said = body ? JSON.parse(body) : Object.fromEntries(new URL(uri).searchParams);
    sent.push([method, said.query ? "text" : "hash", answer.status, answer.headers.get("cache-control")]);
    return answer;
  };
  const persisted = new PersistedQueryLink({ generateHash, useGETForHashedQueries: true });
  // A GET without such a header could have been any page's.
  const http = new HttpLink({ uri: url, fetch: recorded, headers: { "Apollo-Require-Preflight": "true" } });
  const apollo = new ApolloClient({ cache: new InMemoryCache(), link: ApolloLink.from([persisted, http]) });
  const ask = (query, variables) => apollo.query({ query, variables, fetchPolicy: "no-cache", errorPolicy: "all" });
  return { ask, sent };
}

const requests = (sent) => sent.map(([method, what]) => `${method} ${what}`);
const code = ({ error }) => error?.errors?.[0]?.extensions?.code;

const modes = {
  async text() {
    const link = new ApolloLink(({ query }) => (console.log(print(query)), of({ data: { albumScreen: null } })));
    await new ApolloClient({ cache: new InMemoryCache(), link }).query({ query: TITLE, variables: { id: "al-1" } });
  },

  async automatic() {
    const first = client((document) => sha256(print(document)));
    for (const _ of [1, 2]) assert.deepEqual((await first.ask(NAME)).data, { __typename: "Query" });
    assert.deepEqual(requests(first.sent), ["GET hash", "POST text", "GET hash"]);
    assert.equal(first.sent[0][3], "no-store", "what is not known yet may be known soon");
    const second = client((document) => sha256(print(document)));
    assert.deepEqual((await second.ask(NAME)).data, { __typename: "Query" });
    assert.deepEqual(requests(second.sent), ["GET hash"], "stored for everybody");
    assert.equal(code(await second.ask(UNKNOWN)), "GRAPHQL_VALIDATION_FAILED");
    const liar = client(() => sha256("another text"));
    assert.equal(code(await liar.ask(NAME)), "BAD_REQUEST");
    return [...first.sent, ...second.sent, ...liar.sent];
  },

  async registered() {
    const app = client((document) => (document.definitions[0].name.value === "Title" ? id : sha256(print(document))));
    const answer = await app.ask(TITLE, { id: "al-1" });
    assert.equal(answer.data?.albumScreen.title, "Homogenic", JSON.stringify(answer));
    assert.deepEqual(requests(app.sent), ["GET hash"]);
    assert.match(app.sent[0][3], /^public, max-age=\d+$/);
    assert.equal(code(await app.ask(OTHER, { id: "al-1" })), "PERSISTED_QUERY_NOT_IN_LIST");
    assert.deepEqual(requests(app.sent), ["GET hash", "GET hash", "POST text"]);
    return app.sent;
  },
};

if (!modes[mode]) {
  console.error(`usage: node apollo.mjs ${Object.keys(modes).join("|")} <url of /graphql> [<id>]`);
  process.exit(64);
}
const sent = await modes[mode]();
for (const request of sent ?? []) console.log(request.join(" "));
