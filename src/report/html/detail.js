// One finding in full, and the dialog that shows findings.

/** What stands in some workspaces about an item, or about all items of a column. */
function openCell(item, column) {
  const workspaces = column?.workspaces ?? null;
  if (item === null) return openColumn(column);
  const { name, key } = data.items[item];
  const within = workspaces && new Set(workspaces);
  const variants = data.details.filter((detail) => detail.i === item && (!within || detail.w.some((index) => within.has(index))));
  const told = new Set(variants.flatMap((detail) => detail.w));
  const calm = (workspaces ?? data.workspaces.map((_, index) => index)).filter((index) => !told.has(index));
  openDialog(name, key, [
    variants.map((detail) => variant(detail, within)),
    others(item, calm),
    inForce(item, within),
  ]);
}

/** The workspaces without a finding about an item, by how it stands there. */
function others(item, workspaces) {
  const byState = new Map();
  for (const index of workspaces) {
    const workspace = data.workspaces[index];
    const state = isRead(workspace) ? data.columns[workspace.c].s[item] : UNKNOWN;
    const commit = isRead(workspace) ? data.applied[workspace.a][item] : -1;
    const key = `${state},${commit}`;
    if (byState.has(key)) byState.get(key).push(index);
    else byState.set(key, [index]);
  }
  if (byState.size === 0) return null;
  const rows = [...byState].map(([key, all]) => {
    const [state, commit] = key.split(",").map(Number);
    return [state < 0 ? NOTHING : mark(data.states[state]), commit < 0 ? "" : data.commits[commit], places(all)];
  });
  return [make("h3", null, "Elsewhere in this selection"), table("Other workspaces", ["state", "applied from commit", "workspaces"], rows)];
}

/** The workspaces of a column, and what is to be told of them. */
function openColumn({ workspaces, states }) {
  const rows = workspaces.map((index) => {
    const { id, r, e, frozen, u } = data.workspaces[index];
    const about = [e ?? "", frozen ? `frozen ${frozen}` : "", u ? `${plural(u, "item")} of nobody here` : ""];
    return [nameOf(data.workspaces[index]), data.rings[r], make("span", { class: "code" }, id), about.filter(Boolean).join("; ")];
  });
  const title = columnName({ workspaces, states });
  const show = (some) => table(title, ["workspace", "ring", "resource", states === null ? "why it could not be read" : ""], some);
  const within = new Set(workspaces);
  const found = data.details.filter((detail) => detail.w.some((index) => within.has(index)));
  openDialog(title, states === null ? "never green: nobody knows how it stands there" : "they stand alike in every rule that is shown", [
    onDemand(rows, 50, show),
    found.length > 0 && make("h3", null, plural(found.length, "finding")),
    onDemand(found, 50, (some) => findingsTable(some.map((detail) => [detail, detail.w.filter((index) => within.has(index))]))),
  ]);
}

function openDialog(title, under, children) {
  const dialog = byId("dialog");
  const close = make("button", { type: "button", "aria-label": "Close", click: () => dialog.close() }, "Close (Esc)");
  const head = make("div", null, make("h2", { id: "dialog-title" }, title), make("p", { class: "soft code" }, under));
  fill(dialog, make("div", { class: "top" }, head, close), make("div", { class: "body" }, children.flat().filter(Boolean)));
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
  close.focus();
}

/** One finding: what moved, who moved it, when it was last applied and from which commit. */
function variant(detail, within) {
  const { reason, effect, notes, fields, s } = detail;
  const lines = [effect, ...notes].filter(Boolean).map((text) => make("p", null, text));
  return make("section", { class: "variant" },
    make("p", null, mark(data.states[s]), ` ${reason}`), lines,
    fields.map(differing),
    make("h3", null, "Where, who and when"), whereAndWhen(detail, within));
}

function whereAndWhen({ w, by, times, when }, within) {
  const rows = [];
  w.forEach((index, at) => {
    if (within && !within.has(index)) return;
    const [changed, applied, commit] = times?.[at] ?? [null, null, -1];
    rows.push([nameOf(data.workspaces[index]), by ?? "not said", changed ?? "not said", applied ?? "not said", commit < 0 ? "not said" : data.commits[commit]]);
  });
  const heads = ["workspace", "last changed by", "last changed at", "last applied at", "from commit"];
  if (times) return onDemand(rows, 50, (some) => table("Where, who and when", heads, some));
  return table("Where, who and when", ["workspaces", "last changed by", "last changed"], [[places(rows.map((_, at) => w[at])), by ?? "not said", when ?? "not said"]]);
}

/** A field's two sides; what is in stages or lines stands aligned. */
function differing({ f, r, l, h }) {
  const [left, right] = [l, h].map((index) => (index === null ? null : data.values[index]));
  const edge = { class: "edge", "aria-hidden": "true" };
  const sides = data.sides.map((text) => [make("th", edge), make("th", { scope: "col" }, text)]);
  const head = make("thead", null, make("tr", null, sides));
  const pairs = left === null || right === null ? (left ?? right).map((_, at) => [left ? at : -1, right ? at : -1]) : align(left, right);
  const body = make("tbody", null, pairs.map(([one, other]) => {
    const [from, to] = [one < 0 ? null : left[one], other < 0 ? null : right[other]];
    const differs = from !== to;
    const cut = differs && from !== null && to !== null ? inside(from, to) : [from, to].map((text) => text !== null && [[text, false]]);
    return make("tr", null, side(cut[0], differs, "gone", "−", "taken out or changed"), side(cut[1], differs, "come", "+", "put in or changed"));
  }));
  const columns = make("colgroup", null, [1, 2].map(() => [make("col", { class: "edge" }), make("col")]));
  return make("div", null, make("h3", null, make("code", null, f), ` ${r}`), make("table", { class: "diff code", "aria-label": f }, columns, head, body));
}

/** Blanks that differ are shown as signs, else nobody would see them. */
function seen(text) {
  return /\S/.test(text) ? text : text.replaceAll(" ", "·").replaceAll("\t", "→").replaceAll("\n", "⏎\n");
}

function side(parts, differs, kind, sign, words) {
  if (!parts) return [make("td", { class: "edge none" }), make("td", { class: "none" })];
  const of = differs ? kind : "";
  const text = parts.map(([text, inner]) => (inner ? make("mark", null, seen(text)) : text));
  return [make("td", { class: `edge ${of}`, "aria-label": differs ? words : null }, differs ? sign : ""), make("td", { class: of }, text)];
}

/** The exclusions in force for an item, where the dialog looks. */
function inForce(item, within) {
  const applies = ({ i, w }) => i.includes(item) && (!within || [...within].some((index) => w.has(index)));
  const found = data.exclusions.filter((exclusion) => exclusion.where.some(applies));
  if (found.length === 0) return null;
  return [make("h3", null, "Exclusions in force on it"), exclusionsTable(found)];
}
