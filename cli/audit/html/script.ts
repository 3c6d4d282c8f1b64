/**
 * The page's only script: the table of instances with sorting, filter and paging.
 *
 * Untrusted text is inserted as text nodes only.
 */
export const SCRIPT = `
'use strict';
const PAGE = 100;
const { verdicts, regions, launchSources, rows } = JSON.parse(document.getElementById('data').textContent);
const byId = (id) => document.getElementById(id);
const texts = [
  (row) => verdicts[row[0]],
  (row) => regions[row[1]],
  (row) => row[2],
  (row) => row[3],
  (row) => row[4],
  (row) => launchSources[row[5]],
  (row) => row[6],
  (row) => row[7] ?? '',
].slice(0, document.querySelectorAll('#instances th').length);
const order = new Intl.Collator('en', { numeric: true }).compare;
// Verdicts sort by severity, which is the order of the list.
// Usage sorts by the number of calls, which instances that were not measured do not have.
const numbers = { 0: (row) => row[0], 7: (row) => row[8] ?? -2 };
const by = (column) => {
  const of = numbers[column];
  return of ? (a, b) => of(a) - of(b) : (a, b) => order(texts[column](a), texts[column](b));
};
// The initial order; sorting is stable.
[3, 1, 0].forEach((column) => rows.sort(by(column)));
let sort = { column: 0, down: false };
let page = 0;
let matching = [];

// The selections of Region and launch source. Their names are text, never markup.
const fill = (id, names) => {
  const options = names.map((name, index) => new Option(name, String(index)));
  byId(id).append(...options.sort((a, b) => order(a.text, b.text)));
};
fill('region', regions);
fill('source', launchSources);
const selections = { verdict: 0, region: 1, source: 5 };

function update() {
  const chosen = Object.entries(selections).filter(([id]) => byId(id).value !== '');
  const wanted = chosen.map(([id, at]) => [at, Number(byId(id).value)]);
  const query = byId('search').value.trim().toLowerCase();
  const matches = (row) =>
    wanted.every(([at, value]) => row[at] === value) &&
    (query === '' || texts.some((of) => of(row).toLowerCase().includes(query)));
  const ascending = by(sort.column);
  matching = rows.filter(matches).sort(sort.down ? (a, b) => ascending(b, a) : ascending);
  page = 0;
  draw();
}

function draw() {
  const from = page * PAGE;
  byId('rows').replaceChildren(...matching.slice(from, from + PAGE).map(toRow));
  const to = Math.min(from + PAGE, matching.length);
  const n = (value) => value.toLocaleString('en-US');
  byId('position').textContent = matching.length === 0 ? 'none' : n(from + 1) + '–' + n(to) + ' of ' + n(matching.length);
  byId('before').disabled = page === 0;
  byId('after').disabled = to >= matching.length;
  document.querySelectorAll('#instances th').forEach((cell, column) => {
    const direction = sort.down ? 'descending' : 'ascending';
    cell.setAttribute('aria-sort', column === sort.column ? direction : 'none');
  });
}

// Paper has no pages to turn and nothing to click: it gets every matching row, and every fix.
let closed = [];
addEventListener('beforeprint', () => {
  byId('rows').replaceChildren(...matching.map(toRow));
  byId('position').textContent = matching.length.toLocaleString('en-US') + ' of ' + rows.length.toLocaleString('en-US');
  closed = [...document.querySelectorAll('details:not([open])')];
  closed.forEach((details) => { details.open = true; });
});
addEventListener('afterprint', () => {
  closed.forEach((details) => { details.open = false; });
  draw();
});

function toRow(row) {
  const line = document.createElement('tr');
  texts.forEach((of, column) => {
    const cell = document.createElement('td');
    if (column === 0) {
      const swatch = document.createElement('span');
      swatch.className = 'swatch v-' + byId('verdict').options[row[0] + 1].dataset.name;
      cell.append(swatch);
    }
    cell.append(of(row));
    line.append(cell);
  });
  return line;
}

document.querySelectorAll('#instances th button').forEach((button, column) => {
  button.addEventListener('click', () => {
    sort = { column, down: sort.column === column && !sort.down };
    update();
  });
});
byId('search').addEventListener('input', update);
Object.keys(selections).forEach((id) => byId(id).addEventListener('change', update));
byId('before').addEventListener('click', () => { page -= 1; draw(); });
byId('after').addEventListener('click', () => { page += 1; draw(); });
update();
`;
