// Chromium asks as each of a GraphiQL's personas: what is answered tells who it was.
//
//   node personas.mjs <what to ask, as JSON> <folder for pictures>
//
// [{"name": "mobile", "url": "http://…", "asked": [{"label": "…", "document": "{ … }", "answer": {…}}]}]: `answer` is all of
// `data`, and beside it the errors' codes, if there are any: {"data": …, "codes": […]}.

import assert from "node:assert/strict";
import { opened, run } from "./graphiql.mjs";

const [asked, pictures] = process.argv.slice(2);

const { browser, context } = await opened();
const page = await context.newPage();
try {
  for (const { name, url, asked: personas } of JSON.parse(asked)) {
    await page.goto(`${url}/graphiql`);
    await page.locator(".graphiql-execute-button").waitFor();
    const offered = await page.locator("#persona option").allInnerTexts();
    for (const [nth, { label, document, answer }] of personas.entries()) {
      assert(offered.includes(label), `${name} does not offer ${label}, but ${offered}`);
      await page.locator("#persona").selectOption({ label });
      await page.locator("#told").getByText(/goes along with each operation|No credential is sent/).waitFor();
      const shown = await run(page, document);
      const codes = (shown.errors ?? []).map((error) => error.extensions.code);
      assert.deepEqual({ data: shown.data, codes }, answer, `${name}, as ${label}: ${JSON.stringify(shown)}`);
      await page.screenshot({ path: `${pictures}/persona-${name}-${nth + 1}.png` });
    }
    console.log(`${name}: ${personas.map(({ label }) => label).join("; ")}`);
  }
} catch (error) {
  await page.screenshot({ path: `${pictures}/persona-failed.png` }).catch(() => {});
  console.error(page.url(), await page.locator("body").innerText().catch(() => ""));
  throw error;
} finally {
  await browser.close();
}
process.exit(0);
