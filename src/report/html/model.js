// What the page is about, and what the filter leaves of it. Nothing here touches the page.

const data = JSON.parse(document.getElementById("data").textContent);
const UNKNOWN = data.states.findIndex((state) => state.tone === "unknown");
const number = (count) => String(count).replace(/\B(?=(\d{3})+$)/g, ",");
const plural = (count, one, more) => `${number(count)} ${count === 1 ? one : (more ?? `${one}s`)}`;
/** What an empty cell says. */
const NOTHING = data.partial ? "nothing is told of it" : "not wanted there";
const isRead = (workspace) => workspace.c !== undefined;
const nameOf = (workspace) => `${data.tenants[workspace.t]}/${workspace.n}`;
const filter = { tenant: "", ring: "", state: "", text: "", calm: false };

/** Indices that are written as pairs of a first and a last one. */
function spread(pairs) {
  const all = [];
  for (let at = 0; at < pairs.length; at += 2) {
    for (let index = pairs[at]; index <= pairs[at + 1]; index++) all.push(index);
  }
  return all;
}

for (const detail of data.details) detail.w = spread(detail.at);
for (const exclusion of data.exclusions) {
  for (const place of exclusion.where) place.w = new Set(spread(place.at));
}
const searched = {
  items: data.items.map((item) => `${item.name} ${item.key}`.toLowerCase()),
  workspaces: data.workspaces.map((workspace) => `${nameOf(workspace)} ${workspace.id}`.toLowerCase()),
  details: data.details.map((detail) => `${detail.by ?? ""} ${detail.reason}`.toLowerCase()),
};

/** Of each text, one bit for each word that is in it. */
function masks(texts, words) {
  return texts.map((text) => words.reduce((mask, word, at) => (text.includes(word) ? mask | (1 << at) : mask), 0));
}

/**
 * What the filter leaves: `rows` are items, `columns` are workspaces that stand alike in all of these rows,
 * unknown ones first, then those with most to look at.
 */
function view() {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean).slice(0, 30);
  const all = words.length === 0 ? 0 : 2 ** words.length - 1;
  const [ofItems, ofWorkspaces, ofDetails] = [searched.items, searched.workspaces, searched.details]
    .map((texts) => masks(texts, words));
  const state = filter.state === "" ? -1 : Number(filter.state);
  const groups = new Map();
  const unknown = [];
  const chosen = data.workspaces.map((workspace) =>
    (filter.tenant === "" || workspace.t === Number(filter.tenant)) && (filter.ring === "" || workspace.r === Number(filter.ring)));
  data.workspaces.forEach((workspace, index) => {
    if (!chosen[index]) return;
    if (!isRead(workspace)) return void unknown.push(index);
    const key = workspace.c * 2 ** 31 + ofWorkspaces[index];
    const group = groups.get(key);
    if (group) group.workspaces.push(index);
    else groups.set(key, { column: data.columns[workspace.c], mask: ofWorkspaces[index], workspaces: [index] });
  });
  const isRow = new Uint8Array(data.items.length);
  const found = [];
  for (const group of groups.values()) {
    const { s: states, d: details } = group.column;
    let hit = false;
    for (let item = 0; item < states.length; item++) {
      const of = states[item];
      if (of < 0 || (state >= 0 ? of !== state : !filter.calm && !data.states[of].told)) continue;
      const detail = details[item] === undefined ? 0 : ofDetails[details[item]];
      if (((ofItems[item] | group.mask | detail) & all) !== all) continue;
      isRow[item] = 1;
      hit = true;
    }
    // Workspaces without a hit are shown beside the others as long as nobody asks for something.
    if (hit || (state < 0 && all === 0)) found.push(group);
  }
  if (unknown.length > 0 && (state === UNKNOWN || (state < 0 && filter.calm))) {
    data.items.forEach((_, item) => { if ((ofItems[item] & all) === all) isRow[item] = 1; });
  }
  const rows = data.items.map((_, item) => item).filter((item) => isRow[item]);
  const columns = fold(found, rows);
  if (unknown.length > 0) columns.unshift({ workspaces: unknown, states: null });
  return { rows, columns, chosen, unknown: unknown.length, matches: matcher({ state, all, ofItems, ofWorkspaces, ofDetails, chosen }) };
}

/** Workspaces that stand alike in the rows share a column. */
function fold(groups, rows) {
  const folded = new Map();
  const codes = new Uint16Array(rows.length);
  for (const { column, workspaces } of groups) {
    rows.forEach((item, at) => { codes[at] = column.s[item] + 1; });
    const key = String.fromCharCode(...codes);
    const same = folded.get(key);
    if (same) same.workspaces.push(...workspaces);
    else folded.set(key, { workspaces: [...workspaces], states: Int16Array.from(codes, (code) => code - 1) });
  }
  const columns = [...folded.values()];
  for (const column of columns) {
    column.workspaces.sort((left, right) => left - right);
    column.weight = column.states.reduce((sum, of) => sum + (of >= 0 ? weight(data.states[of]) : 0), 0);
  }
  return columns.sort((left, right) => right.weight - left.weight || left.workspaces[0] - right.workspaces[0]);
}

function weight(state) {
  return { bad: 1000, warn: 30, info: 1 }[state.tone] ?? 0;
}

/** Which of a detail's workspaces the filter leaves. */
function matcher({ state, all, ofItems, ofWorkspaces, ofDetails, chosen }) {
  return (detail, index) => {
    if (state >= 0 ? detail.s !== state : !filter.calm && !data.states[detail.s].told) return [];
    const mask = ofItems[detail.i] | ofDetails[index];
    return detail.w.filter((workspace) => chosen[workspace] && ((mask | ofWorkspaces[workspace]) & all) === all);
  };
}

/** How many workspaces and items are in each state, over the whole fleet. */
function totals() {
  const columns = data.columns.map(() => 0);
  const counts = data.states.map(() => 0);
  for (const workspace of data.workspaces) {
    if (isRead(workspace)) columns[workspace.c] += 1;
    else counts[UNKNOWN] += 1;
  }
  data.columns.forEach((column, at) => {
    for (const state of column.s) if (state >= 0) counts[state] += columns[at];
  });
  return counts;
}
