// A client that apps are written with does what apps do with it: a query, one of which a part is not there, a mistake, a
// mutation, one that is refused, a subscription.
//
//   node clients.mjs <apollo | urql | urql-sse | urql-fetch | relay | graphql-request> <url of web> <token> <track>
//
// Likes must be somewhere that does not answer. The comment is sent until the subscription tells of it. Prints what came of each as one line of JSON.

import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { Client, cacheExchange, fetchExchange, subscriptionExchange } from "@urql/core";
import { GraphQLClient } from "graphql-request";
import { createClient as overEvents } from "graphql-sse";
import { createClient as overSockets } from "graphql-ws";
import relay from "relay-runtime";
import WebSocket from "ws";

const TITLE = "query Title($id: ID!) { track(id: $id) { id title } }";
// Whether it is liked, somebody knows who is not there.
const PARTIAL = "query Partial($id: ID!) { track(id: $id) { id durationMs viewerLikes } }";
const WRONG = "query Wrong { nonsense }";
const COMMENT = "mutation Say($input: AddCommentInput!) { addComment(input: $input) { comment { id body } } }";
const ACTIVITY =
  "subscription Activity($id: ID!) { trackActivity(id: $id) { __typename ... on TrackCommented { comment { id body } } } }";

const [kind, url, token, track] = process.argv.slice(2);
const http = `${url}/graphql`;
const authorization = `Bearer ${token}`;
const sockets = () =>
  overSockets({
    url: `${url.replace(/^http/, "ws")}/graphql/ws`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization },
    retryAttempts: 0,
  });
const events = () => overEvents({ url: `${url}/graphql/stream`, headers: { authorization }, retryAttempts: 0 });
const fail = (error) => {
  console.error(error);
  process.exit(1);
};

// Each client: `query` and `mutate` resolve to `{data, errors}`; `listen` gives every event's result to `next`.

function apollo() {
  const link = ApolloLink.split(
    ({ operationType }) => operationType === "subscription",
    new GraphQLWsLink(sockets()),
    new HttpLink({ uri: http, headers: { authorization } }),
  );
  const client = new ApolloClient({
    cache: new InMemoryCache(),
    link,
    clientAwareness: { name: "conformance", version: "1.0.0" },
  });
  const told = ({ data, error }) => ({ data, errors: error && (error.errors ?? fail(error)) });
  return {
    query: async (text, variables) => told(await client.query({ query: gql(text), variables, errorPolicy: "all" })),
    mutate: async (text, variables) => told(await client.mutate({ mutation: gql(text), variables, errorPolicy: "all" })),
    listen: (text, variables, next) =>
      client.subscribe({ query: gql(text), variables }).subscribe({ next: (result) => next(told(result)), error: fail }),
  };
}

/** Subscribes by a client of subscriptions, or by its own `fetch` of an event stream if there is none. */
function urql(subscriptions) {
  const subscribing = subscriptions && subscriptionExchange({
    forwardSubscription: (request) => ({
      subscribe: (sink) => ({ unsubscribe: subscriptions.subscribe({ ...request, query: request.query ?? "" }, sink) }),
    }),
  });
  const client = new Client({
    url: http,
    exchanges: [cacheExchange, ...(subscribing ? [subscribing] : []), fetchExchange],
    fetchSubscriptions: !subscribing,
    // It asks by GET, which any page could have done without such a header.
    fetchOptions: { headers: { authorization, "GraphQL-Require-Preflight": "true" } },
  });
  const told = ({ data, error }) => {
    if (error?.networkError) fail(error.networkError);
    return { data, errors: error?.graphQLErrors };
  };
  return {
    query: async (text, variables) => told(await client.query(text, variables).toPromise()),
    mutate: async (text, variables) => told(await client.mutation(text, variables).toPromise()),
    listen: (text, variables, next) => client.subscription(text, variables).subscribe((result) => next(told(result))),
  };
}

// What Relay's compiler would have made of the documents.
const scalar = (name) => ({ kind: "ScalarField", name, args: null, alias: null, storageKey: null });
const linked = (name, concreteType, selections, args = null) => ({
  ...{ kind: "LinkedField", name, args, alias: null, storageKey: null },
  ...{ concreteType, plural: false, selections },
});
const given = (name, variable) => [{ kind: "Variable", name, variableName: variable }];
const said = linked("comment", "Comment", [scalar("id"), scalar("body")]);
const commented = { kind: "InlineFragment", type: "TrackCommented", abstractKey: null, selections: [said] };
const COMPILED = {
  [TITLE]: [linked("track", "Track", [scalar("id"), scalar("title")], given("id", "id"))],
  [PARTIAL]: [
    linked("track", "Track", [scalar("id"), scalar("durationMs"), scalar("viewerLikes")], given("id", "id")),
  ],
  [WRONG]: [scalar("nonsense")],
  [COMMENT]: [linked("addComment", "CommentPayload", [said], given("input", "input"))],
  [ACTIVITY]: [linked("trackActivity", null, [scalar("__typename"), commented], given("id", "id"))],
};
const ROOTS = { query: "Query", mutation: "Mutation", subscription: "Subscription" };

function compiled(text) {
  const [, operationKind, name, variable] = text.match(/^(\w+) (\w+)(?:\(\$(\w+))?/);
  const argumentDefinitions = variable ? [{ kind: "LocalArgument", name: variable, defaultValue: null }] : [];
  const shape = { name, argumentDefinitions, selections: COMPILED[text] };
  return {
    kind: "Request",
    fragment: { kind: "Fragment", type: ROOTS[operationKind], metadata: null, abstractKey: null, ...shape },
    operation: { kind: "Operation", ...shape },
    params: { cacheID: name, id: null, metadata: {}, name, operationKind, text },
  };
}

function inRelay() {
  const socket = sockets();
  const ask = async ({ text, name }, variables) => {
    const headers = { authorization, "content-type": "application/json", accept: "application/graphql-response+json" };
    const body = JSON.stringify({ query: text, operationName: name, variables });
    return (await fetch(http, { method: "POST", headers, body })).json();
  };
  const subscribe = ({ text, name }, variables) =>
    relay.Observable.create((sink) => socket.subscribe({ query: text, operationName: name, variables }, sink));
  const environment = new relay.Environment({
    network: relay.Network.create(ask, subscribe),
    store: new relay.Store(new relay.RecordSource()),
  });
  // An answer without data is thrown, and the answer with it.
  const refused = (error) => (error.source?.errors ? { errors: error.source.errors } : fail(error));
  return {
    query: (text, variables) =>
      relay.fetchQuery(environment, compiled(text), variables).toPromise().then((data) => ({ data }), refused),
    mutate: (text, variables) =>
      new Promise((resolve) =>
        relay.commitMutation(environment, {
          mutation: compiled(text),
          variables,
          onCompleted: (data, errors) => resolve({ data, errors }),
          onError: (error) => resolve(refused(error)),
        }),
      ),
    listen: (text, variables, next) => {
      const { dispose } = relay.requestSubscription(environment, {
        subscription: compiled(text),
        variables,
        onNext: (data) => next({ data }),
        onError: fail,
      });
      return { unsubscribe: dispose };
    },
  };
}

/** It knows of no subscriptions: apps have a client of those beside it. */
function graphqlRequest() {
  const socket = sockets();
  const client = new GraphQLClient(http, { headers: { authorization } });
  const ask = (text, variables) =>
    client.request(text, variables).then((data) => ({ data }), ({ response: { data, errors } }) => ({ data, errors }));
  const listen = (query, variables, next) => ({
    unsubscribe: socket.subscribe({ query, variables }, { next, error: fail, complete: () => {} }),
  });
  return { query: ask, mutate: ask, listen };
}

const clients = {
  apollo,
  urql: () => urql(sockets()),
  "urql-sse": () => urql(events()),
  "urql-fetch": () => urql(),
  relay: inRelay,
  "graphql-request": graphqlRequest,
};
if (!clients[kind]) {
  console.error(`usage: node clients.mjs ${Object.keys(clients).join("|")} <url of web> <token> <track>`);
  process.exit(64);
}
const client = clients[kind]();
const told = {
  query: await client.query(TITLE, { id: track }),
  partial: await client.query(PARTIAL, { id: track }),
  wrong: await client.query(WRONG, {}),
};
const comment = (n, body) =>
  client.mutate(COMMENT, { input: { idempotencyKey: `${kind}-${n}`, trackId: track, atMs: 1000, body } });
// It says nothing.
told.refused = await comment("refused", "");
let hear;
const event = new Promise((resolve) => (hear = resolve));
const listening = client.listen(ACTIVITY, { id: track }, (result) => {
  told.event ??= result;
  hear();
});
for (let n = 1; !told.event; n += 1) {
  told.mutation = await comment(n, kind);
  // The subscription may not have been there yet.
  await Promise.race([event, new Promise((resolve) => setTimeout(resolve, 200))]);
}
listening.unsubscribe();
console.log(JSON.stringify(told));
process.exit(0);
