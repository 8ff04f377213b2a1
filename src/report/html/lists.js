// The lists below the matrix: findings, and the exclusions that are in force.

/** Findings with the workspaces that the filter leaves of each. */
function findingsTable(found) {
  const rows = found.map(([detail, workspaces]) => {
    const item = data.items[detail.i];
    const open = () => openCell(detail.i, { workspaces, states: [] });
    const moved = detail.fields.map((field) => field.f).join(", ");
    return [
      mark(data.states[detail.s]),
      [make("button", { type: "button", class: "link", click: open }, item.name), make("div", { class: "soft code" }, item.key)],
      places(workspaces), moved || detail.notes[0] || "", [detail.by ?? "", " ", make("span", { class: "soft" }, detail.when ?? "")],
    ];
  });
  return table("Findings", ["state", "rule or hunting query", "where", "what moved", "last changed by"], rows);
}

function showFindings(place, matches) {
  const found = [];
  data.details.forEach((detail, index) => {
    const workspaces = matches(detail, index);
    if (workspaces.length > 0) found.push([detail, workspaces]);
  });
  const none = make("p", null, "None in this selection.");
  fill(place, found.length === 0 ? none : onDemand(found, 50, findingsTable));
  return found;
}

function exclusionsTable(exclusions) {
  const rows = exclusions.map(({ id, scenario, owner, ticket, expires, left, tone, condition, place, where }) => {
    const workspaces = new Set(where.flatMap(({ w }) => [...w]));
    const items = where.reduce((sum, { i }) => sum + i.length, 0);
    const reach = `${plural(items, "item")} in ${plural(workspaces.size, "workspace")}`;
    const sign = { bad: "!", warn: "⏳", calm: "·" }[tone];
    return [
      [make("span", { class: `mark ${tone}` }, make("span", { class: "sign", "aria-hidden": "true" }, sign), ` ${left}`), make("div", { class: "soft" }, expires ?? "")],
      [make("strong", null, id), make("div", null, scenario), make("div", { class: "soft code" }, condition)],
      owner, ticket ?? "", reach, make("span", { class: "code" }, place),
    ];
  });
  return table("Exclusions in force", ["ends", "exclusion", "owner", "ticket", "reach", "written in"], rows);
}

function showExclusions(place) {
  const { exclusions } = data;
  const none = make("p", null, data.partial ? "Merged reports do not tell of exclusions: see the report of each part." : "None in the selected workspaces.");
  fill(place, exclusions.length === 0 ? none : onDemand(exclusions, 50, exclusionsTable));
}
