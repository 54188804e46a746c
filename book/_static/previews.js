// Show what a glossary term means and what a citation points to, on hover and on keyboard focus.
const card = document.createElement("div");
card.id = "preview-card";
card.setAttribute("role", "tooltip");
card.hidden = true;
document.body.append(card);

let shown = null; // the link whose card one sees

function show(link) {
  if (shown) hide(shown);
  shown = link;
  card.textContent = link.dataset.preview;
  card.hidden = false;
  const at = link.getBoundingClientRect();
  const left = Math.min(at.left, document.documentElement.clientWidth - card.offsetWidth - 8);
  const above = at.bottom + card.offsetHeight + 12 > window.innerHeight;
  card.style.left = `${Math.max(8, left) + window.scrollX}px`;
  card.style.top = `${(above ? at.top - card.offsetHeight - 6 : at.bottom + 6) + window.scrollY}px`;
  link.setAttribute("aria-describedby", card.id);
}

function hide(link) {
  card.hidden = true;
  shown = null;
  link.removeAttribute("aria-describedby");
}

// The pointer may move from the link to the card, to read on or to copy.
let leaving;
const stay = () => clearTimeout(leaving);
function leave(link) {
  stay();
  leaving = setTimeout(() => hide(link), 150);
}

for (const link of document.querySelectorAll("a[data-preview]")) {
  link.addEventListener("mouseenter", () => { stay(); show(link); });
  link.addEventListener("focus", () => { stay(); show(link); });
  link.addEventListener("mouseleave", () => leave(link));
  link.addEventListener("blur", () => hide(link));
}
card.addEventListener("mouseenter", stay);
card.addEventListener("mouseleave", () => hide(shown));
document.addEventListener("keydown", (event) => event.key === "Escape" && shown && hide(shown));
