// Elements. Names, reasons and values are other people's texts: they are only ever set as text.

/** An element with attributes (`null` leaves one out) and children, which are elements or texts. */
function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name === "click") element.addEventListener("click", value);
    else if (value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

const byId = (id) => document.getElementById(id);
const fill = (element, ...children) => element.replaceChildren(...children.flat(Infinity).filter(Boolean));

/** A state as a sign and its word. */
function mark(state) {
  return make("span", { class: `mark ${state.tone}` }, make("span", { class: "sign", "aria-hidden": "true" }, state.sign), ` ${state.word}`);
}

/** A table with a row of heads; a cell is a list of children. */
function table(label, heads, rows) {
  const head = make("thead", null, make("tr", null, heads.map((text) => make("th", { scope: "col" }, text))));
  const body = make("tbody", null, rows.map((cells) => make("tr", null, cells.map((cell) => make("td", null, cell)))));
  return make("div", { class: "wide" }, make("table", { "aria-label": label }, head, body));
}

/** The first rows of a list, and a button that shows the others. */
function onDemand(all, most, show) {
  const place = make("div");
  const draw = (shown) => {
    const rest = all.length - shown.length;
    const more = rest > 0 && make("button", { type: "button", class: "screen", click: () => draw(all) }, `Show ${number(rest)} more`);
    fill(place, show(shown), rest > 0 && make("p", { class: "soft" }, `${number(shown.length)} of ${number(all.length)} are shown. `, more));
  };
  draw(all.slice(0, most));
  return place;
}

/** Names of workspaces, folded where they are many. */
function places(workspaces) {
  const names = workspaces.map((workspace) => nameOf(data.workspaces[workspace]));
  if (names.length <= 4) return make("span", null, names.join(", "));
  return make("details", null, make("summary", null, plural(names.length, "workspace")), names.join(", "));
}
