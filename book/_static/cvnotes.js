// Everything that moves on the pages of CV Notes: figures with sliders, tables that sort, and what the theme forgot.
(() => {
  'use strict';

  const make = (tag, attributes = {}, text = '') => {
    const node = Object.assign(document.createElement(tag), { textContent: text });
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    return node;
  };

  // A figure with sliders. The page shows the first frame and names, as data, the files of all: frames[order[k]] shows
  // setting k, where the last slider counts fastest. Without scripts the sliders stay hidden.
  class Explore extends HTMLElement {
    connectedCallback() {
      if (this.inputs) return;
      this.data = JSON.parse(this.querySelector('script[type="application/json"]').textContent);
      this.img = this.querySelector('img');
      this.caption = this.querySelector('figcaption');
      this.inputs = [...this.querySelectorAll('input[type=range]')];
      const controls = this.querySelector('.cv-explore__controls');
      for (const input of this.inputs) {
        input.addEventListener('input', () => { this.last = input; this.stop(); this.show(); });
      }
      this.last = this.inputs.reduce((a, b) => (+b.max > +a.max ? b : a));
      this.button = controls.querySelector('.cv-explore__play');
      this.button.hidden = matchMedia('(prefers-reduced-motion: reduce)').matches || +this.last.max < 2;
      this.stop();
      this.button.addEventListener('click', () => (this.timer ? this.stop() : this.play()));
      this.show(); // a reload may have kept the places of the sliders
      const near = new IntersectionObserver((seen) => { // the frames are there before the hand is
        if (!seen.some((one) => one.isIntersecting)) return;
        near.disconnect();
        this.ready = this.data.frames.map((src) => Object.assign(new Image(), { src }));
      }, { rootMargin: '1000px' });
      near.observe(this);
      controls.hidden = false;
      this.inputs.forEach((input, i) => { // room for the longest value: a slider must not shrink under the hand
        const output = input.nextElementSibling;
        const shown = output.textContent;
        const widths = this.data.values[i].map((text) => { output.textContent = text; return output.offsetWidth; });
        output.style.minWidth = `${Math.max(...widths)}px`;
        output.textContent = shown;
      });
    }

    disconnectedCallback() { this.stop(); }

    show() {
      const { values, order, frames, alts, sizes } = this.data;
      let k = 0;
      this.inputs.forEach((input, i) => {
        const text = values[i][+input.value];
        input.setAttribute('aria-valuetext', text);
        input.nextElementSibling.textContent = text;
        k = k * values[i].length + Number(input.value);
      });
      const [width, height] = sizes[order[k]];
      this.img.parentElement.style.setProperty('--cv-frame', width);
      if (this.img.getAttribute('src') !== frames[order[k]]) Object.assign(this.img, { src: frames[order[k]], width, height });
      this.img.alt = alts[k];
      if (this.caption.textContent !== alts[k]) this.caption.textContent = alts[k];
    }

    play() {
      this.caption.setAttribute('aria-live', 'off'); // one who listens would be talked over
      this.label('Pause'); // the slider that was touched last, or else the longest, moves by itself
      this.timer = setInterval(() => {
        this.last.value = +this.last.value === +this.last.max ? 0 : +this.last.value + 1;
        this.show();
      }, 900);
    }

    stop() {
      clearInterval(this.timer);
      this.timer = null;
      this.label('Play');
      this.caption.setAttribute('aria-live', 'polite');
    }

    label(word) { // the whole name is for the ear and the tooltip: a longer button would make the sliders jump
      const name = `${word} ${this.last.labels[0].firstElementChild.textContent}`;
      this.button.textContent = word;
      this.button.title = name;
      this.button.setAttribute('aria-label', name);
    }
  }
  customElements.define('cv-explore', Explore);

  // Tables with the class "sortable": a button in the head of each column.
  const compare = new Intl.Collator('en', { numeric: true, sensitivity: 'base' }).compare;
  const sortable = (table) => {
    const body = table.tBodies[0];
    const key = (row, i) => row.cells[i].dataset.sort ?? row.cells[i].textContent.trim();
    [...table.tHead.rows[0].cells].forEach((head, i) => {
      const button = make('button', { type: 'button', class: 'cv-table__sort' }, head.textContent.trim());
      head.replaceChildren(button);
      button.addEventListener('click', () => {
        const down = head.getAttribute('aria-sort') === 'ascending';
        for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort');
        head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
        const rows = [...body.rows].sort((a, b) => compare(key(a, i), key(b, i)));
        body.append(...(down ? rows.reverse() : rows));
      });
    });
  };

  // A figure that the page had to shrink much can be enlarged, inside its own box.
  const zoomable = (figure) => {
    const img = figure.querySelector('img');
    const stage = img.parentElement;
    const shrunk = img.getBoundingClientRect().width < 0.7 * Number(img.getAttribute('width'));
    let button = figure.querySelector('.cv-figure__zoom');
    if (button) button.hidden = !shrunk && !figure.classList.contains('is-large');
    if (button || !shrunk) return;
    button = make('button', { type: 'button', class: 'cv-figure__zoom', 'aria-pressed': 'false', 'aria-label': 'Enlarge the figure' }, '+');
    button.addEventListener('click', () => {
      const large = figure.classList.toggle('is-large');
      button.setAttribute('aria-pressed', String(large));
      button.textContent = large ? '−' : '+';
      focusable();
    });
    stage.before(button);
  };

  // What scrolls must be within reach of the keyboard.
  const SCROLLERS = 'pre, .cv-scroll, .cv-figure__stage, .pst-scrollable-table-container, div.math, mjx-container[display="true"], mjx-container.cv-wide, .cell_output .output';
  const focusable = () => {
    for (const formula of document.querySelectorAll('article mjx-container:not([display="true"])')) {
      formula.classList.toggle('cv-wide', formula.getBoundingClientRect().width > formula.parentElement.closest('p, li, td, dd, div')?.clientWidth);
    }
    for (const box of document.querySelectorAll(SCROLLERS)) {
      const scrolls = box.scrollWidth > box.clientWidth + 1 || (box.tagName === 'PRE' && box.scrollHeight > box.clientHeight + 1);
      const style = getComputedStyle(box).overflowX;
      if (scrolls && style !== 'visible' && style !== 'hidden') box.tabIndex = 0;
      else if (box.getAttribute('tabindex') === '0' && box.tagName !== 'MJX-CONTAINER') box.removeAttribute('tabindex');
    }
  };

  // What the theme leaves undone: names that contain the visible text, and landmarks.
  const mend = () => {
    for (const button of document.querySelectorAll('.search-button-field')) button.removeAttribute('aria-label');
    for (const icon of document.querySelectorAll('.theme-switch-button svg')) {
      icon.querySelector('title')?.remove();
      for (const name of ['role', 'aria-labelledby']) icon.removeAttribute(name);
      icon.setAttribute('aria-hidden', 'true');
    }
    const start = document.querySelector('.sidebar-primary-items__start');
    if (start && !start.hasAttribute('role')) {
      start.setAttribute('role', 'navigation');
      start.setAttribute('aria-label', 'Site');
    }
  };

  const layout = () => {
    document.querySelectorAll('.cv-figure').forEach(zoomable);
    focusable();
  };
  const whenIdle = (task) => { let timer; return () => { clearTimeout(timer); timer = setTimeout(task, 150); }; };

  const start = () => {
    mend();
    document.querySelectorAll('table.cv-table.sortable').forEach(sortable);
    layout();
    addEventListener('resize', whenIdle(layout));
    for (const event of ['toggle', 'click']) document.addEventListener(event, whenIdle(layout), true); // what opens may scroll
    window.MathJax?.startup?.promise?.then(focusable);
    document.documentElement.dataset.cvReady = 'yes'; // the browser tests wait for this
  };
  if (document.readyState === 'complete') start();
  else addEventListener('load', start);
})();
