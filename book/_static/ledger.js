// The ledger: one line that filters the tables of all chapters, and hides the chapters in which nothing is left.
(() => {
  const CHOICES = [
    ['', 'everything'], ['settled', 'settled'], ['open', 'open'], ['holds', 'holds'],
    ['holds-with-condition', 'holds with a condition'], ['imprecise', 'imprecise'], ['wrong', 'wrong'], ['opinion', 'opinion'],
  ];
  const make = (tag, attributes = {}, text = '') => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.textContent = text;
    return element;
  };
  const chosen = (row, choice) => {
    const { verdict, state } = row.dataset;
    return !choice || choice === verdict || choice === state || (choice === 'settled' && !['open', 'opinion'].includes(state));
  };
  const start = (line) => {
    const rows = [...document.querySelectorAll(line.dataset.rows)];
    const parts = new Set(rows.map((row) => row.closest('section')));
    const words = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
    const input = make('input', { type: 'search', id: 'cv-ledger-words' });
    const select = make('select', { id: 'cv-ledger-choice' });
    const count = make('output', { role: 'status' });
    for (const [value, text] of CHOICES) select.append(make('option', { value }, text));
    const apply = () => {
      const wanted = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const row of rows) {
        row.hidden = !chosen(row, select.value) || !wanted.every((word) => words.get(row).includes(word));
        shown += !row.hidden;
      }
      for (const part of parts) part.hidden = !part.querySelector('tbody > tr:not([hidden])');
      count.textContent = `${shown} of ${rows.length} claims`;
    };
    input.addEventListener('input', apply);
    select.addEventListener('change', apply);
    line.append(make('label', { for: input.id }, 'Find'), input, make('label', { for: select.id }, 'Show'), select, count);
    for (const part of parts) part.querySelectorAll('.cv-filter').forEach((single) => single.remove());
    apply();
  };
  const all = () => document.querySelectorAll('.cv-ledger-filter').forEach(start);
  if (document.readyState === 'complete') all();
  else addEventListener('load', all); // after cvnotes.js, which gives each table a line of its own
})();
