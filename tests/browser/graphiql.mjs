// Chromium, and GraphiQL's page in it.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { chromium } from "playwright-core";

/** GraphiQL's files, which come from a CDN that tests do not reach. */
async function offline(context) {
  await context.route("https://unpkg.com/**", async (route) => {
    const [, name, path] = /^\/((?:@[^/]+\/)?[^@/]+)@[^/]+\/(.+)$/.exec(new URL(route.request().url()).pathname);
    const body = await readFile(new URL(`node_modules/${name}/${path}`, import.meta.url));
    const contentType = path.endsWith(".css") ? "text/css" : "text/javascript";
    await route.fulfill({ body, contentType, headers: { "access-control-allow-origin": "*" } });
  });
}

/** A browser in which nobody is anybody yet. */
export async function opened() {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
  const context = await browser.newContext({ viewport: { width: 1200, height: 760 } });
  context.setDefaultTimeout(15_000);
  await offline(context);
  return { browser, context };
}

/** Runs an operation in the page's editor: what its result shows. */
export async function run(page, document) {
  const text = JSON.stringify(document).slice(1, -1);
  const deadline = Date.now() + 10_000;
  let answer;
  await page.evaluate((text) => window.document.querySelector(".graphiql-query-editor .CodeMirror").CodeMirror.setValue(text), document);
  // Which operation there is, the editor finds out a moment later: until then it asks for the one before by its name.
  do {
    assert(Date.now() < deadline, JSON.stringify(answer));
    const answered = page.waitForResponse(
      (response) => response.url().endsWith("/graphql") && response.request().postData()?.includes(text));
    await page.locator(".graphiql-execute-button").click();
    answer = await (await answered).json();
  } while (answer.errors?.[0].message.includes("has no operation named"));
  const expected = JSON.stringify(answer.data);
  for (;;) {
    const shown = await page.evaluate(
      () => window.document.querySelector(".result-window .CodeMirror")?.CodeMirror.getValue() ?? "");
    try {
      if (JSON.stringify(JSON.parse(shown).data) === expected) return answer;
    } catch {
      // Nothing yet, or half of it.
    }
    assert(Date.now() < deadline, `GraphiQL does not show ${expected}, but ${shown}`);
    await page.waitForTimeout(50);
  }
}
