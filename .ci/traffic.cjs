// Validates recorded traffic against the official API descriptions with Microsoft's own validator (oav).
//
// usage: node traffic.cjs SPECIFICATIONS TRAFFIC     (NODE_PATH must lead to `oav`)
//
// SPECIFICATIONS holds `specification/…` as Azure/azure-rest-api-specs does; TRAFFIC holds files with a
// pair of request and answer per line, as the emulator records them. An answer must always be as
// described; a request must be where it was accepted, since the tests send bad ones on purpose. Pairs
// that differ only in names, etags and times are validated once. Ends with 1 on any violation that
// ALLOWED does not name, and on an entry of ALLOWED that nothing needs.
"use strict";

const fs = require("fs");
const path = require("path");
const oav = require("oav");

// Where real traffic, or Microsoft's documentation, contradicts the description.
const ALLOWED = [
  {
    why: "Azure Resource Manager ignores what can only be read: others send back what they read",
    is: ({ code }, { actor }) =>
      code === "READONLY_PROPERTY_NOT_ALLOWED_IN_REQUEST" && !actor.startsWith("sentinelops"),
  },
  {
    why: "templates of Content Hub send `properties.eTag`, and the service takes it",
    is: ({ code, at }, { actor }) =>
      code === "OBJECT_ADDITIONAL_PROPERTIES" && at === "$.properties.eTag" &&
      !actor.startsWith("sentinelops"),
  },
  {
    why: "tests play a service that is newer than its description",
    is: ({ code, message }) =>
      code === "OBJECT_ADDITIONAL_PROPERTIES" && message.endsWith(": somethingNew"),
  },
];

// What the descriptions at hand say nothing about.
const UNDESCRIBED = [
  {
    why: "subscriptions are described elsewhere",
    is: ({ url }) => /^https:\/\/[^/]*\/subscriptions\/[^/]*\?/i.test(url),
  },
  {
    why: "another API version than the ones described here",
    is: ({ url }) => !/api-version=(2024-04-01-preview|2023-09-01)(&|$)/i.test(url),
  },
  {
    why: "a fault that garbles the answer on purpose",
    is: (_, { fault }) => /^(next_link|empty_list|extra_item|answer_changed)$/.test(fault ?? ""),
  },
  {
    why: "saved searches have no error answers in their description",
    is: ({ url }, { liveResponse }) =>
      /\/savedSearches/i.test(url) && Number(liveResponse.statusCode) >= 300,
  },
  {
    why: "no operation: the tests ask for what does not exist",
    is: (_, { liveResponse }) => ["404", "405"].includes(liveResponse.statusCode) &&
      /^(InvalidResourceType|MethodNotAllowed)$/.test(liveResponse.body?.error?.code ?? ""),
  },
];

async function main([specifications, traffic]) {
  const pairs = read(traffic);
  const validator = new oav.LiveValidator({
    directory: specifications,
    swaggerPathsPattern: [
      "/specification/securityinsights/**/2024-04-01-preview/*.json",
      "/specification/operationalinsights/**/2023-09-01/*.json",
    ],
    isPathCaseSensitive: false,
    git: { shouldClone: false },
    excludedSwaggerPathsPattern: [],
    loadValidatorInInitialize: true,
  });
  await validator.initialize();

  const counts = { pairs: pairs.length, alike: 0, validated: 0, violations: 0 };
  const skipped = new Map();
  const allowed = new Map();
  const seen = new Set();
  for (const pair of pairs) {
    const request = pair.liveRequest;
    const reason = UNDESCRIBED.find(({ is }) => is(request, pair));
    if (reason) {
      skipped.set(reason.why, (skipped.get(reason.why) ?? 0) + 1);
      continue;
    }
    const shape = alike(pair);
    if (seen.has(shape)) {
      counts.alike += 1;
      continue;
    }
    seen.add(shape);
    counts.validated += 1;
    const accepted = Number(pair.liveResponse.statusCode) < 300;
    const result = await validator.validateLiveRequestResponse(pair);
    const found = [
      ...(accepted ? errors("request", result.requestValidationResult) : []),
      ...errors("answer", result.responseValidationResult),
    ];
    for (const error of found) {
      const entry = ALLOWED.find(({ is }) => is(error, pair));
      if (entry) {
        allowed.set(entry.why, (allowed.get(entry.why) ?? 0) + 1);
        continue;
      }
      counts.violations += 1;
      if (counts.violations <= 20) {
        console.log(`${request.method} ${request.url} -> ${pair.liveResponse.statusCode}`);
        console.log(`  ${error.side}: ${error.code} ${error.message} at ${error.at}`);
      }
    }
  }
  const unused = ALLOWED.filter(({ why }) => !allowed.has(why));
  console.log(
    `oav: ${counts.pairs} pairs, ${counts.validated} validated, ${counts.alike} alike to one of those, ` +
      `${counts.violations} violations`,
  );
  for (const [why, count] of skipped) console.log(`  ${count} not described: ${why}`);
  for (const [why, count] of allowed) console.log(`  ${count} allowed: ${why}`);
  for (const { why } of unused) console.log(`  nothing needs this entry of ALLOWED: ${why}`);
  if (counts.validated === 0) console.log("  nothing was validated: the recording is empty");
  process.exit(counts.violations > 0 || unused.length > 0 || counts.validated === 0 ? 1 : 0);
}

// All pairs of a folder. The last line of a file may be half: its process was killed.
function read(folder) {
  const files = fs.readdirSync(folder).filter((name) => name.endsWith(".jsonl")).sort();
  return files.flatMap((name) => {
    const lines = fs.readFileSync(path.join(folder, name), "utf8").split("\n");
    lines.pop();
    return lines.map((line) => JSON.parse(line));
  });
}

function errors(side, { isSuccessful, errors = [], runtimeException }) {
  if (isSuccessful) return [];
  if (runtimeException) {
    return [{ side, code: runtimeException.code, message: runtimeException.message, at: "" }];
  }
  return errors.map(({ code, message, pathsInPayload = [], jsonPathsInPayload }) => ({
    side, code, message, at: (jsonPathsInPayload ?? pathsInPayload).join(" "),
  }));
}

// The pair without what differs each time and decides nothing.
function alike({ liveRequest, liveResponse }) {
  const text = JSON.stringify([liveRequest, liveResponse]);
  return text
    .replace(/\d{4}-\d\d-\d\dT[\d:.%A]*Z/g, "TIME")
    .replace(/[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/gi, "ID")
    .replace(/127\.0\.0\.1:\d+/g, "HOST");
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exit(2);
});
