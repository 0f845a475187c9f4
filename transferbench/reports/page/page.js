"use strict";
// Every table of class "sortable": a button in each head sorts by its column, once more turns the order.
const valueOf = (cell, isName) => {
  if (isName) return cell.textContent.trim();
  return cell.dataset.value === undefined ? null : Number(cell.dataset.value);
};

const compared = (a, b) => (typeof a === "string" ? a.localeCompare(b) : a - b);

function sort(table, head, column) {
  const isName = column === 0;
  const first = isName ? "ascending" : head.dataset.first;
  const turned = { ascending: "descending", descending: "ascending" }[first];
  const order = head.getAttribute("aria-sort") === first ? turned : first;
  const body = table.tBodies[0];
  const rows = Array.from(body.rows, (row, place) => ({ row, place, value: valueOf(row.cells[column], isName) }));
  const sign = order === "ascending" ? 1 : -1;
  rows.sort((a, b) => {
    if (a.value === null || b.value === null) return (a.value === null) - (b.value === null) || a.place - b.place;
    return sign * compared(a.value, b.value) || a.place - b.place;
  });
  body.append(...rows.map(({ row }) => row));
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", order);
  const title = head.querySelector("button").firstChild.textContent.trim();
  document.getElementById("said").textContent = `sorted by ${title}, ${order}`;
}

for (const table of document.querySelectorAll("table.sortable")) {
  Array.from(table.tHead.rows[0].cells).forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => sort(table, head, column));
  });
}
