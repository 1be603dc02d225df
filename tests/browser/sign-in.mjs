// Chromium signs in to a running web, works in GraphiQL, and signs out; then what the browser had is worth nothing.
//
//   node sign-in.mjs development <url of web> <folder for pictures>
//   node sign-in.mjs oidc-provider <folder for pictures>
//
// The first clicks on the development provider's page. The second is the provider itself (npm's oidc-provider, which is
// certified): it prints its issuer, reads web's URL from its standard input, and then does the same.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { createInterface } from "node:readline/promises";
import { opened, run } from "./graphiql.mjs";

const [kind, ...rest] = process.argv.slice(2);
const SECRET = "a secret with & and % in it";
const SESSION = "__Host-web-session";
const MARK = { "GraphQL-Require-Preflight": "true" };
const COMMENT = `said by ${kind}`;

/** A certified provider, on a free port; `ready` makes it serve a client that lives at this URL. */
async function certified() {
  const { Provider } = await import("oidc-provider");
  let serve = (_, response) => response.writeHead(503).end();
  const server = createServer((request, response) => serve(request, response));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  // Another site than web's, to browsers.
  const issuer = `http://localhost:${server.address().port}`;
  const ready = (web) => {
    const provider = new Provider(issuer, {
      clients: [{
        client_id: "web",
        client_secret: SECRET,
        redirect_uris: [`${web}/auth/callback`],
        post_logout_redirect_uris: [`${web}/graphiql`],
        grant_types: ["authorization_code", "refresh_token"],
        backchannel_logout_uri: `${web}/auth/backchannel-logout`,
        backchannel_logout_session_required: true,
      }],
      scopes: ["openid", "profile", "library", "activity"],
      features: { devInteractions: { enabled: true }, backchannelLogout: { enabled: true }, revocation: { enabled: true } },
      findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, name: "Mika" }) }),
      issueRefreshToken: () => true,
      rotateRefreshToken: true,
      // Its own refuses to tell clients on the loopback anything, which is where this one lives.
      fetch: (url, { dispatcher, ...options }) => fetch(url, options),
      // Of no use a moment later: whoever goes on has renewed them.
      ttl: { AccessToken: 1 },
      cookies: { keys: ["of this test"] },
    });
    const renewals = [];
    provider.on("grant.success", (context) => renewals.push(context.oidc.params.grant_type));
    provider.on("backchannel.error", (_, error) => console.error(error));
    const revocations = [];
    provider.use(async (context, next) => {
      await next();
      if (context.path === "/token/revocation") revocations.push(context.status);
    });
    serve = provider.callback();
    return { renewals, revocations };
  };
  return { issuer, ready, close: () => server.close() };
}

const signInAt = {
  development: async (page) => {
    await page.getByText("Who are you today?").waitFor();
    await page.locator('button[value="us-1"]').click();
  },
  "oidc-provider": async (page) => {
    await page.locator('input[name="login"]').fill("us-1");
    await page.locator('input[name="password"]').fill("whatever");
    await page.locator('button[type="submit"]').click();
    await page.getByText("Authorize").first().waitFor();
    await page.locator('button[type="submit"]').click();
  },
};

async function works(web, pictures, provider, seen) {
  const { browser, context } = await opened();
  const page = await context.newPage();
  const picture = (name) => page.screenshot({ path: `${pictures}/${kind}-${name}.png` });
  const session = async () => (await context.cookies(web)).find((cookie) => cookie.name === SESSION);
  const asked = async (cookie) => {
    const headers = { "content-type": "application/json", cookie: `${SESSION}=${cookie}` };
    const answer = await fetch(`${web}/graphql`, { method: "POST", headers, body: '{"query":"{ viewer { id } }"}' });
    return { status: answer.status, code: (await answer.json()).errors?.[0].extensions.code };
  };
  const signIn = async () => {
    await page.goto(`${web}/auth/login?returnTo=/graphiql`);
    await picture("1-provider");
    await signInAt[kind](page);
    await page.waitForURL(`${web}/graphiql`);
    await page.locator(".graphiql-execute-button").waitFor();
  };
  try {
    // Signed in, and nothing that a script could read says so.
    await signIn();
    const cookie = await session();
    assert.deepEqual(
      [cookie.httpOnly, cookie.secure, cookie.sameSite, cookie.path, cookie.domain, cookie.expires],
      [true, true, "Lax", "/", new URL(web).hostname, -1],
    );
    const readable = await page.evaluate(() => [document.cookie, JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage })].join());
    assert(!/eyJ|__Host-/.test(readable), readable);
    assert.equal((await page.evaluate(async () => (await fetch("/auth/session")).json())).subject, "us-1");

    // Works: a query, and a mutation.
    const query = await run(page, "{ viewer { id email } }");
    assert.equal(query.data?.viewer?.id, "us-1", JSON.stringify(query));
    await picture("2-query");
    // The provider's access tokens last a second: whoever goes on has them renewed.
    const deadline = Date.now() + 15_000;
    while (seen && !seen.renewals.includes("refresh_token")) {
      assert(Date.now() < deadline, seen.renewals.join());
      assert.equal((await run(page, "{ viewer { id email } }")).data?.viewer?.id, "us-1");
    }
    const mutation = `mutation { addComment(input: { idempotencyKey: "said-once", trackId: "tr-1", atMs: 1000, body: "${COMMENT}" }) { comment { body author { id } } } }`;
    const said = await run(page, mutation);
    assert.equal(said.data?.addComment?.comment?.body, COMMENT, JSON.stringify(said));
    assert.equal(said.data.addComment.comment.author.id, "us-1");
    await picture("3-mutation");

    // Signs out, at both ends.
    const { endSessionUrl } = await page.evaluate(
      async (headers) => (await fetch("/auth/logout", { method: "POST", headers })).json(), MARK);
    // Nobody waits for it, but the refresh token is given back.
    while (seen && seen.revocations.length === 0) {
      assert(Date.now() < deadline, "no token was given back");
      await page.waitForTimeout(20);
    }
    if (seen) assert.deepEqual(seen.revocations, [200]);
    await page.goto(endSessionUrl);
    if (kind === "oidc-provider") {
      await picture("4-logout");
      await page.locator('button[name="logout"]').click();
    }
    await page.waitForURL(`${web}/graphiql`);
    assert.equal(await session(), undefined);
    assert.deepEqual(await asked(cookie.value), { status: 401, code: "SESSION_EXPIRED" });
    const anonymous = await run(page, "{ viewer { id } }");
    assert.equal(anonymous.data?.viewer ?? null, null, JSON.stringify(anonymous));
    await picture("5-signed-out");

    // And asked to sign in again, not signed in silently. This time it is the provider that ends it.
    await signIn();
    const second = await session();
    assert.notEqual(second.value, cookie.value);
    assert.equal((await asked(second.value)).status, 200);
    if (provider) {
      await page.goto(`${provider}/session/end`);
      await page.locator('button[name="logout"]').click();
      await page.getByText("Sign-out Success").waitFor();
      assert.deepEqual(await asked(second.value), { status: 401, code: "SESSION_EXPIRED" });
    }
    console.log(`${kind}: signed in, worked, signed out`);
  } catch (error) {
    await picture("failed").catch(() => {});
    console.error(page.url(), await page.locator("body").innerText().catch(() => ""));
    throw error;
  } finally {
    await browser.close();
  }
}

if (kind === "development") {
  await works(...rest);
} else {
  const { issuer, ready, close } = await certified();
  console.log(issuer);
  const input = createInterface({ input: process.stdin });
  const [web] = await new Promise((resolve) => input.once("line", (line) => resolve([line])));
  input.close();
  await works(web, rest[0], issuer, ready(web));
  close();
}
process.exit(0);
