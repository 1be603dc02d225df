// A reference client (npm `graphql-ws` or `graphql-sse`) does what clients do: a query, one of which a part is not there, a
// mutation, one that is refused, a mistake, a subscription.
//
//   node listen.mjs <ws | sse> <url of the BFF> <token> <operations as JSON>
//
// The operations are `query`, `partial`, `mutation`, `denied`, `wrong` and `subscription`, each `{"query", "variables"}`. The mutation is sent until
// the subscription tells of it; `#` in its variables is counted up. Prints what came of each as one line of JSON.

import { createClient as overEvents } from "graphql-sse";
import { createClient as overSockets } from "graphql-ws";
import WebSocket from "ws";

const [kind, url, token, text] = process.argv.slice(2);
const operations = JSON.parse(text);

const connect = (authorization) =>
  kind === "ws"
    ? overSockets({
        url: `${url.replace(/^http/, "ws")}/graphql/ws`,
        webSocketImpl: WebSocket,
        connectionParams: { authorization },
        retryAttempts: 0,
      })
    : overEvents({ url: `${url}/graphql/stream`, headers: { authorization }, retryAttempts: 0 });

// What is refused is thrown by one of the clients, and a result like any other for the other one.
async function once(client, operation) {
  try {
    for await (const result of client.iterate(operation)) return result;
  } catch (refused) {
    if (Array.isArray(refused)) return { errors: refused };
    throw refused;
  }
}

const client = connect(`Bearer ${token}`);
const told = {};
for (const name of ["query", "partial", "denied", "wrong"]) told[name] = await once(client, operations[name]);

const events = client.iterate(operations.subscription);
let heard = false;
const event = events.next().then(({ value }) => {
  heard = true;
  return value;
});
const variables = JSON.stringify(operations.mutation.variables);
for (let n = 1; !heard; n += 1) {
  told.mutation = await once(client, { ...operations.mutation, variables: JSON.parse(variables.replaceAll("#", n)) });
  // The subscription may not have been there yet.
  await Promise.race([event, new Promise((resolve) => setTimeout(resolve, 200))]);
}
told.event = await event;
// Ends it: the upstream's stream is left.
await events.return();

try {
  await once(connect("Bearer nonsense"), operations.query);
} catch (refused) {
  told.refused = refused.code ?? refused.response?.status;
}
console.log(JSON.stringify(told));
process.exit(0);
