// One part of the browser's tests: node page.mjs PART FILE CHROMIUM. Ends with 1 and says why where something
// is not as it should be; leaves screenshots beside the page.

import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [part, file, executablePath] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
const wrong = [];

async function open(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  page.on("console", (message) => { if (["error", "warning"].includes(message.type())) wrong.push(message.text()); });
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("request", (request) => { if (!request.url().startsWith("file:")) wrong.push(`asked for ${request.url()}`); });
  page.client = await context.newCDPSession(page);
  await page.client.send("Performance.enable", { timeDomain: "threadTicks" });
  await page.goto(pathToFileURL(file).href);
  await page.waitForSelector("html[data-ready]", { state: "attached" });
  return page;
}

const shot = (page, name, fullPage = false) => page.screenshot({ path: `${file}.${name}.png`, fullPage });
const count = (page) => page.textContent("#count");
const heads = (page) => page.$$eval("#matrix .head [data-at]:not(.name)", (cells) => cells.map((cell) => cell.textContent));
const rows = (page) => page.$$eval("#matrix [role=rowheader]", (cells) => cells.map((cell) => cell.textContent));
const focused = (page) => page.evaluate(() => document.activeElement.dataset.at ?? document.activeElement.textContent);

/** What the page's main thread has worked so far, in ms of its own time: other programs do not count. */
async function worked(page) {
  const { metrics } = await page.client.send("Performance.getMetrics");
  return 1000 * metrics.find(({ name }) => name === "TaskDuration").value;
}

/** What a piece of work in the page takes, with the layout and the painting that it causes. */
async function time(page, work) {
  const before = await worked(page);
  await page.evaluate(`new Promise((done) => {
    (${work})();
    requestAnimationFrame(() => setTimeout(done));
  })`);
  return (await worked(page)) - before;
}

async function small() {
  const page = await open();
  assert.match(await page.title(), /^1 UNKNOWN · 4 drifted · Drift of acme-soc, 2026-11-24$/);
  assert.equal(await page.locator("main > :first-child").getAttribute("id"), "unknown");
  assert.match(await page.textContent("#unknown"), /tailspin\/law-security/);
  assert.match(await count(page), /^4 rules in 4 of 4 workspaces, 1 of them UNKNOWN; 4 findings\.$/);
  const [first, ...others] = await heads(page);
  assert.equal(first, "UNKNOWN: tailspin/law-security");
  assert.equal(others.length, 3);
  assert.equal(await page.evaluate(() => window.hurt), undefined, "something of somebody else ran");
  assert.equal(await page.locator("img").count(), 0);
  await shot(page, "light", true);

  // The filter: by tenant, ring, state and text.
  await page.selectOption("#tenant", { label: "fabrikam" });
  assert.deepEqual(await heads(page), ["fabrikam/law-security"]);
  await page.click("text=Clear");
  await page.selectOption("#ring", { label: "canary" });
  assert.deepEqual(await heads(page), ["contoso/law-security"]);
  await page.click("text=Clear");
  await page.click("#tiles button:has-text('vanished')");
  assert.deepEqual(await rows(page), ["A rule that is gone"]);
  assert.equal(await page.getAttribute("#tiles button:has-text('vanished')", "aria-pressed"), "true");
  await page.click("#tiles button:has-text('vanished')");
  await page.fill("#text", "known fabrikam");
  assert.deepEqual(await rows(page), ["Known drift"]);
  await page.fill("#text", "analyst1@");
  assert.match((await rows(page)).join(), /^Rule 1/);
  await page.fill("#text", "no such thing");
  assert.match(await count(page), /^0 rules in 1 of 4 workspaces, 1 of them UNKNOWN; 0 findings\.$/);
  await page.fill("#text", "");
  await page.check("#calm");
  assert.ok((await rows(page)).includes("A calm rule"));
  await page.uncheck("#calm");

  // The keyboard: into the grid, through it, into a cell and back to it.
  await page.focus("#calm");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  assert.equal(await focused(page), "-1,-1");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("End");
  assert.equal(await focused(page), "0,3");
  await page.keyboard.press("Control+Home");
  assert.equal(await focused(page), "-1,-1");
  const drifted = (await rows(page)).findIndex((name) => name.startsWith("Rule 1"));
  for (let step = 0; step <= drifted; step++) await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  assert.ok(await page.locator("dialog[open]").isVisible());
  assert.equal(await focused(page), "Close (Esc)");

  // The drill-down: stages stand side by side, what differs is marked, with who, when and where.
  const diff = page.locator("dialog table.diff[aria-label=query] tbody tr");
  assert.equal(await diff.count(), 28, "26 stages of the files, one that is only in the workspace, a let");
  assert.equal(await diff.locator("td.come:not(.edge)").count(), 2);
  assert.equal(await diff.locator("td.gone:not(.edge)").count(), 1);
  assert.deepEqual(await diff.locator("mark").allTextContents(), ["1", "changed"]);
  const text = await page.textContent("dialog");
  for (const said of ["changed outside git", "analyst1@tenant.example", "2026-11-08T09:12:00Z", "own-instance", "fabrikam/law-security"]) {
    assert.ok(text.includes(said), said);
  }
  await shot(page, "detail");
  await page.keyboard.press("Escape");
  assert.equal(await page.locator("dialog[open]").count(), 0);
  assert.equal(await focused(page), `${drifted},-1`, "the focus is back where it was");

  // What would do harm is only text, in the drill-down too.
  await page.click("#findings button:has-text('window.hurt')");
  assert.ok((await page.textContent("dialog")).includes("<img src=x onerror="));
  await page.keyboard.press("Escape");
  await page.click("#matrix .head .unknown");
  assert.ok((await page.textContent("dialog")).includes("why it could not be read"));
  await page.keyboard.press("Escape");
  assert.equal(await page.evaluate(() => window.hurt), undefined, "something of somebody else ran");

  await contrast(page, "light");
  const dark = await open({ colorScheme: "dark" });
  await contrast(dark, "dark");
  await shot(dark, "dark", true);
  await dark.click("#findings button >> nth=1");
  await contrast(dark, "dark");
  await shot(dark, "dark-detail");
  const phone = await open({ viewport: { width: 390, height: 844 } });
  assert.ok(await phone.evaluate(() => document.documentElement.scrollWidth <= 390), "a phone scrolls sideways");
  await shot(phone, "phone");
  await paper(page, 4);
  const without = await browser.newPage({ javaScriptEnabled: false });
  await without.goto(pathToFileURL(file).href);
  assert.match(await without.textContent("main"), /1 workspace is UNKNOWN/);
  assert.ok(await without.locator("noscript").isVisible());
}

/** Every text that is seen stands out from what is behind it: 4.5 to 1, as WCAG asks. */
async function contrast(page, name) {
  const poor = await page.evaluate(() => {
    const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const rgba = (color) => {
      context.clearRect(0, 0, 1, 1);
      context.fillStyle = color;
      context.fillRect(0, 0, 1, 1);
      return [...context.getImageData(0, 0, 1, 1).data];
    };
    const light = (color) => color.slice(0, 3).map((part) => part / 255)
      .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
      .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
    const behind = (element) => {
      for (let at = element; at; at = at.parentElement) {
        const color = rgba(getComputedStyle(at).backgroundColor);
        if (color[3] === 255) return color;
      }
      return [255, 255, 255, 255];
    };
    const found = new Set();
    for (const element of document.querySelectorAll("body *")) {
      const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
      if (!own || !element.checkVisibility()) continue;
      const [one, other] = [light(rgba(getComputedStyle(element).color)), light(behind(element))];
      const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
      if (ratio < 4.5) found.add(`${element.tagName}.${element.className} ${ratio.toFixed(2)}`);
    }
    return [...found];
  });
  assert.deepEqual(poor, [], `${name} is hard to read`);
}

/** On paper every finding stands in full. */
async function paper(page, findings) {
  await page.pdf({ path: `${file}.pdf`, format: "A4", landscape: true });
  await page.evaluate(() => window.dispatchEvent(new Event("beforeprint")));
  assert.equal(await page.locator("#print .variant").count(), findings);
  await page.evaluate(() => window.dispatchEvent(new Event("afterprint")));
  assert.equal(await page.locator("#print .variant").count(), 0);
}

/** What a page should take, in ms. It is printed; what fails is several times that, since machines are noisy. */
const AT_ONCE = 200;
const TOO_LONG = 5 * AT_ONCE;

async function best(measure) {
  let best = Infinity;
  for (let run = 0; run < 6 && (run < 2 || best > AT_ONCE); run++) best = Math.min(best, await measure());
  return Math.round(best);
}

/** Until everything is drawn: in ms of the main thread, and as a clock on the wall saw it. */
async function opening(label) {
  const page = await open();
  const took = await worked(page);
  const [paint, ready] = await page.evaluate(() => [
    performance.getEntriesByName("first-contentful-paint")[0]?.startTime, Number(document.documentElement.dataset.ready),
  ]);
  console.log(`${label}: painted ${Math.round(paint)} ms, drawn ${Math.round(ready)} ms after the navigation`);
  await page.context().close();
  return took;
}

async function quick(label, columns) {
  const opened = await best(() => opening(label));
  const page = await open();
  const type = (text) => time(page, `() => {
    const box = document.getElementById("text");
    box.value = ${JSON.stringify(text)};
    box.dispatchEvent(new Event("input", { bubbles: true }));
  }`);
  const slowest = {};
  for (const text of ["rule 1", "tenant-00", "analyst", "no such thing", ""]) slowest[text] = await best(() => type(text));
  slowest.calm = await best(() => time(page, `() => document.getElementById("calm").click()`));
  if (!(await page.isChecked("#calm"))) await page.check("#calm");
  slowest.scroll = await best(() => time(page, `() => { document.getElementById("matrix").scrollTop = Math.random() * 3000; }`));
  console.log(`${label}, ${AT_ONCE} ms wanted: opening ${opened} ms of the main thread; filter`, slowest);
  for (const [what, took] of Object.entries({ opened, ...slowest })) assert.ok(took <= TOO_LONG, `${label}: ${what} takes ${took} ms`);
  const cells = await page.locator("#matrix [data-at]").count();
  assert.ok(cells < 6000, `${cells} cells are in the page`);
  assert.equal(Number(await page.getAttribute("#matrix", "aria-colcount")), columns + 1);
  return page;
}

async function big() {
  const page = await quick("1,000 × 300", 14);
  assert.match(await page.title(), /^3 UNKNOWN · 200 drifted/);
  assert.match(await count(page), /^300 rules in 1,000 of 1,000 workspaces, 3 of them UNKNOWN; 200 findings\.$/);
  await page.uncheck("#calm");
  await shot(page, "page");
  await page.focus("#matrix [tabindex='0']");
  await page.keyboard.press("Control+End");
  const sight = await page.evaluate(() => {
    const [cell, box] = [document.activeElement, document.getElementById("matrix")].map((element) => element.getBoundingClientRect());
    const inBox = cell.right <= box.right && cell.bottom <= box.bottom && cell.left >= box.left && cell.top >= box.top;
    return [inBox && cell.bottom <= innerHeight + 1 && cell.top >= 0, cell.toJSON(), box.toJSON(), innerHeight];
  });
  assert.ok(sight[0], `the current cell is out of sight: ${JSON.stringify(sight)}`);
  await shot(page, "end");
  await page.locator("#matrix .head [data-at]", { hasText: "957 workspaces" }).click();
  assert.match(await page.textContent("dialog"), /50 of 957 are shown/);
}

async function unfolded() {
  const page = await quick("400 × 120, hardly anything alike", 352);
  await shot(page, "page");
}

await { small, big, unfolded }[part]();
await browser.close();
assert.deepEqual(wrong, [], "the console is not clean");
