// Audits a running BFF by npm `graphql-http`: GraphQL over HTTP, each MUST, SHOULD and MAY of it.
//
//   node audit.mjs <url of /graphql> [<audit id>…]
//
// Prints the status of each audit. Exits 1 unless all are ok but those whose ids are given, which must not be.

import { serverAudits } from "graphql-http";

const [url, ...refused] = process.argv.slice(2);
if (!url) {
  console.error("usage: node audit.mjs <url of /graphql> [<id of an audit that is refused on purpose>…]");
  process.exit(64);
}

// What the suite's GETs lack: a browser could send them to a stranger unasked.
const fetchFn = (to, { headers, ...init } = {}) =>
  fetch(to, { ...init, headers: { ...headers, "graphql-require-preflight": "true" } });

const audits = serverAudits({ url, fetchFn });
const wrong = refused.filter((id) => !audits.some((audit) => audit.id === id)).map((id) => `${id} is no audit`);
let passed = 0;
for (const audit of audits) {
  const { status, reason } = await audit.fn();
  const expected = refused.includes(audit.id);
  console.log(`${status.padEnd(6)} ${audit.id} ${audit.name}${reason ? `: ${reason}` : ""}${expected ? " (on purpose)" : ""}`);
  if (status === "ok") passed += 1;
  if ((status === "ok") === expected) wrong.push(`${audit.id} ${expected ? "is ok, which it should not be" : `is not ok: ${reason}`}`);
}
console.log(`${passed} of ${audits.length} audits are ok: ${url}`);
if (wrong.length > 0) {
  console.error(wrong.join("\n"));
  process.exit(1);
}
