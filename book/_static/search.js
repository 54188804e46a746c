// Search results are sections, each once, with an excerpt of its own text. Sphinx finds the pages;
// the texts of their sections (TEXTS: page -> [id, heading, text]) lie beside the pages, so that
// this works from a disk as well. Loaded after Sphinx' searchtools.js and texts.js.
"use strict";

const AROUND = 120; // characters of an excerpt before and after the word that was found
const MOST = 3; // sections of one page

// How often the words occur in a section; its heading counts tenfold.
function occurrences([, heading, text], words) {
  const count = (where, word) => where.toLowerCase().split(word).length - 1;
  return words.reduce((sum, word) => sum + 10 * count(heading, word) + count(text, word), 0);
}

// The sections of a page where the words occur most, the best first.
function bestSections(name, words) {
  const counted = (TEXTS[name] ?? []).map((section) => [occurrences(section, words), section]);
  const found = counted.filter(([count]) => count).sort(([a], [b]) => b - a);
  return found.slice(0, MOST).map(([, section]) => section);
}

// Sphinx' results are [page, title, anchor, description, score, file], the best last.
function toSections(results, words) {
  const shown = new Map();
  for (const [name, title, anchor, ...rest] of [...results].reverse()) {
    const sections = anchor ? [] : bestSections(name, words);
    const rows = sections.map((section) => {
      const whole = section === TEXTS[name][0] || !section[1];
      return [name, whole ? title : `${title} > ${section[1]}`, `#${section[0]}`, ...rest];
    });
    for (const row of rows.length ? rows : [[name, title, anchor, ...rest]])
      if (!shown.has(row[0] + row[2])) shown.set(row[0] + row[2], row);
  }
  return [...shown.values()].reverse();
}

function excerpt(text, words) {
  const places = words.map((word) => text.toLowerCase().indexOf(word)).filter((i) => i >= 0);
  const begin = Math.max(0, Math.min(...(places.length ? places : [0])) - AROUND);
  const end = Math.min(text.length, begin + 2 * AROUND);
  const start = begin && text.indexOf(" ", begin) + 1;
  const stop = end < text.length ? text.lastIndexOf(" ", end) : end;
  return (start ? "… " : "") + text.slice(start, stop) + (stop < text.length ? " …" : "");
}

{
  const find = Search._performSearch;
  Search._performSearch = (query, words, ...rest) =>
    toSections(find(query, words, ...rest), [...words]);

  DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = true;
  // What Sphinx would fetch is here already; a page without texts has no excerpt.
  const root = document.documentElement.dataset.content_root;
  const fetched = window.fetch;
  window.fetch = (url, ...options) => {
    const name = String(url).slice(root.length).replace(/\.html$/, "");
    return name in TEXTS
      ? Promise.resolve({ text: () => Promise.resolve(name) })
      : fetched(url, ...options);
  };
  Search.makeSearchSummary = (name, words, anchor) => {
    const section = TEXTS[name].find(([id]) => `#${id}` === anchor) ?? TEXTS[name][0];
    const summary = document.createElement("p");
    summary.classList.add("context");
    summary.textContent = excerpt(section[2], [...words]);
    return summary;
  };
}
