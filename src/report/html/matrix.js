// The fleet matrix: a grid of which only what is in sight is in the page, moved through with the arrow keys.

const HEIGHT = 30;
const WIDTH = 36;
const grid = { rows: [], columns: [], row: -1, column: -1, box: null };

/** Shows rows and columns; `open` is told which cell was chosen. */
function showMatrix(box, { rows, columns }, open) {
  Object.assign(grid, { box, rows, columns, open, row: Math.min(grid.row, rows.length - 1), column: Math.min(grid.column, columns.length - 1) });
  box.setAttribute("aria-rowcount", rows.length + 1);
  box.setAttribute("aria-colcount", columns.length + 1);
  if (!box.onscroll) {
    box.onscroll = () => requestAnimationFrame(() => draw(false));
    box.onkeydown = move;
    box.onclick = (event) => {
      const cell = event.target.closest("[data-at]");
      if (cell) choose(...cell.dataset.at.split(",").map(Number));
    };
    window.addEventListener("resize", () => draw(true));
  }
  draw(true);
}

const nameWidth = () => grid.box.querySelector(".name")?.offsetWidth ?? 350;
const headHeight = () => grid.box.querySelector(".head")?.offsetHeight ?? 190;

/** What is in sight, and a little around it. */
function sight(whole) {
  const { box, rows, columns } = grid;
  if (whole) return { top: 0, bottom: rows.length, left: 0, right: columns.length };
  const top = Math.max(0, Math.floor(box.scrollTop / HEIGHT) - 10);
  const left = Math.max(0, Math.floor(box.scrollLeft / WIDTH) - 10);
  return {
    top,
    left,
    bottom: Math.min(rows.length, top + Math.ceil((box.clientHeight || 800) / HEIGHT) + 20),
    right: Math.min(columns.length, left + Math.ceil((box.clientWidth || 1200) / WIDTH) + 20),
  };
}

function draw(always, whole) {
  const { box, rows } = grid;
  const part = sight(whole);
  const key = Object.values(part).join();
  if (!always && key === grid.drawn) return;
  grid.drawn = key;
  const hadFocus = box.contains(document.activeElement);
  const lines = [line(-1, part)];
  if (part.top > 0) lines.push(space({ height: part.top * HEIGHT }));
  for (let row = part.top; row < part.bottom; row++) lines.push(line(row, part));
  if (part.bottom < rows.length) lines.push(space({ height: (rows.length - part.bottom) * HEIGHT }));
  box.replaceChildren(...lines);
  box.tabIndex = at(grid.row, grid.column) ? -1 : 0;
  if (hadFocus) (at(grid.row, grid.column) ?? box).focus({ preventScroll: true });
}

function space({ height, width }) {
  const element = make("div", { class: "space", "aria-hidden": "true" });
  if (height) element.style.height = `${height}px`;
  if (width) element.style.width = `${width}px`;
  return element;
}

function line(row, { left, right }) {
  const { columns } = grid;
  const element = make("div", { role: "row", class: row < 0 ? "row head" : "row", "aria-rowindex": row + 2 });
  element.append(row < 0 ? corner() : rowHead(row));
  if (left > 0) element.append(space({ width: left * WIDTH }));
  for (let column = left; column < right; column++) element.append(row < 0 ? columnHead(column) : cell(row, column));
  if (right < columns.length) element.append(space({ width: (columns.length - right) * WIDTH }));
  return element;
}

function box(row, column, attributes, ...children) {
  const current = row === grid.row && column === grid.column;
  return make("div", { "data-at": `${row},${column}`, "aria-colindex": column + 2, tabindex: current ? 0 : -1, ...attributes }, ...children);
}

function corner() {
  return box(-1, -1, { role: "columnheader", class: "name" }, `${plural(grid.rows.length, "rule")} × ${plural(grid.columns.length, "column")} of workspaces that stand alike`);
}

function rowHead(row) {
  const item = data.items[grid.rows[row]];
  return box(row, -1, { role: "rowheader", class: "name", title: `${item.name} (${item.key})` }, item.name);
}

/** The name of a column for people. */
function columnName({ workspaces, states }) {
  const unknown = states === null ? "UNKNOWN: " : "";
  return unknown + (workspaces.length === 1 ? nameOf(data.workspaces[workspaces[0]]) : plural(workspaces.length, "workspace"));
}

function columnHead(column) {
  const of = grid.columns[column];
  const name = columnName(of);
  const some = of.workspaces.slice(0, 10).map((index) => nameOf(data.workspaces[index])).join(", ");
  const title = some + (of.workspaces.length > 10 ? ` and ${number(of.workspaces.length - 10)} more` : "");
  return box(-1, column, { role: "columnheader", class: of.states === null ? "cell unknown" : "cell", title }, make("span", null, name));
}

function stateOf(row, column) {
  const { states } = grid.columns[column];
  return states === null ? data.states[UNKNOWN] : data.states[states[row]];
}

function cell(row, column) {
  const state = stateOf(row, column);
  const label = `${state?.word ?? NOTHING}: ${data.items[grid.rows[row]].name}, ${columnName(grid.columns[column])}`;
  return box(row, column, { role: "gridcell", class: `cell ${state?.tone ?? ""}`, title: label, "aria-label": label }, state?.sign ?? "");
}

const at = (row, column) => grid.box.querySelector(`[data-at="${row},${column}"]`);

function choose(row, column) {
  goTo(row, column);
  if (row >= 0 || column >= 0) grid.open(row < 0 ? null : grid.rows[row], column < 0 ? null : grid.columns[column]);
}

function move(event) {
  const { rows, columns } = grid;
  const page = Math.max(1, Math.floor(grid.box.clientHeight / HEIGHT) - 6);
  const far = event.ctrlKey || event.metaKey;
  const ways = {
    ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], PageUp: [-page, 0], PageDown: [page, 0],
    Home: [far ? -Infinity : 0, -Infinity], End: [far ? Infinity : 0, Infinity],
  };
  if (event.key === "Enter" || event.key === " ") choose(grid.row, grid.column);
  else if (ways[event.key]) {
    const clamp = (value, count) => Math.max(-1, Math.min(count - 1, value));
    const [down, right] = ways[event.key];
    goTo(clamp(grid.row + down, rows.length), clamp(grid.column + right, columns.length));
  } else return;
  event.preventDefault();
}

/** Makes a cell the current one, brings it into sight and gives it the focus. */
function goTo(row, column) {
  Object.assign(grid, { row, column });
  const { box: view } = grid;
  const [head, name] = [headHeight(), nameWidth()];
  if (row >= 0) {
    const top = row * HEIGHT;
    view.scrollTop = Math.min(top, Math.max(view.scrollTop, top + HEIGHT + head - view.clientHeight + 16));
  }
  if (column >= 0) {
    const left = column * WIDTH;
    view.scrollLeft = Math.min(left, Math.max(view.scrollLeft, left + WIDTH + name - view.clientWidth + 16));
  }
  draw(true);
  const cell = at(row, column);
  cell?.focus({ preventScroll: true });
  cell?.scrollIntoView({ block: "nearest", inline: "nearest" });
}
