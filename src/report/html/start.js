// The page comes to life: the filter, and what is drawn again when it changes.

const counts = totals();
let found = [];

function options(select, all, names) {
  fill(select, make("option", { value: "" }, all), names.map((name, index) => make("option", { value: index }, name)));
}

function showTiles() {
  const tiles = data.states.map((state, index) => [state, index]).filter(([state, index]) => counts[index] > 0 && (state.told || state.tone === "unknown"));
  fill(byId("tiles"), tiles.map(([state, index]) => {
    const what = state.tone === "unknown" ? plural(counts[index], "workspace") : plural(counts[index], "item");
    const toggle = () => {
      byId("state").value = filter.state === String(index) ? "" : index;
      changed();
    };
    const sign = make("span", { class: "sign", "aria-hidden": "true" }, state.sign);
    return make("li", null, make("button", { type: "button", class: state.tone, "data-state": index, "aria-pressed": "false", click: toggle }, sign, " ", make("b", null, what), ` ${state.word}`));
  }));
}

function showLegend() {
  fill(byId("legend"), data.states.filter((_, index) => counts[index] > 0).map((state) => make("li", null, mark(state))));
}

function changed() {
  Object.assign(filter, {
    tenant: byId("tenant").value, ring: byId("ring").value, state: byId("state").value,
    text: byId("text").value, calm: byId("calm").checked,
  });
  for (const tile of byId("tiles").querySelectorAll("button")) {
    tile.setAttribute("aria-pressed", String(tile.dataset.state === filter.state));
  }
  const seen = view();
  showMatrix(byId("matrix"), seen, openCell);
  found = showFindings(byId("findings"), seen.matches);
  const workspaces = seen.columns.reduce((sum, column) => sum + column.workspaces.length, 0);
  const unknown = seen.unknown > 0 ? `, ${number(seen.unknown)} of them UNKNOWN` : "";
  byId("count").textContent = `${plural(seen.rows.length, "rule")} in ${number(workspaces)} of ${plural(data.workspaces.length, "workspace")}${unknown}; ${plural(found.length, "finding")}.`;
  byId("matrix").hidden = seen.rows.length === 0;
}

/** Paper has no drill-down: what is found stands there in full. */
const ON_PAPER = 200;
const WIDEST = 24;

function print() {
  if (grid.columns.length <= WIDEST) draw(true, true);
  else fill(byId("matrix"), make("p", null, `The matrix has ${number(grid.columns.length)} columns and is left out on paper: the findings say the same.`));
  const shown = found.slice(0, ON_PAPER);
  const left = found.length - shown.length;
  const section = ([detail, workspaces]) => [make("h3", null, `${data.items[detail.i].name} (${data.items[detail.i].key})`), variant(detail, new Set(workspaces))];
  fill(byId("print"), make("h2", null, "Findings in full"), shown.flatMap(section),
    left > 0 && make("p", null, `${number(left)} more are left out on paper: narrow the filter and print again.`));
}

options(byId("tenant"), "every tenant", data.tenants);
options(byId("ring"), "every ring", data.rings);
fill(byId("state"), make("option", { value: "" }, "every state"), data.states.map((state, index) => counts[index] > 0 && make("option", { value: index }, `${state.sign} ${state.word} (${number(counts[index])})`)));
showTiles();
showLegend();
showExclusions(byId("exclusions"));
byId("filters").addEventListener("input", changed);
byId("filters").addEventListener("submit", (event) => event.preventDefault());
byId("filters").addEventListener("reset", () => setTimeout(changed));
window.addEventListener("beforeprint", print);
window.addEventListener("afterprint", () => { fill(byId("print")); draw(true); });
changed();
document.documentElement.dataset.ready = performance.now();
