// Show what a glossary term means and what a citation points to, on hover and on keyboard focus.
const card = document.createElement("div");
card.id = "preview-card";
card.setAttribute("role", "tooltip");
card.hidden = true;
document.body.append(card);

function show(link) {
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
  link.removeAttribute("aria-describedby");
}

for (const link of document.querySelectorAll("a[data-preview]")) {
  link.addEventListener("mouseenter", () => show(link));
  link.addEventListener("focus", () => show(link));
  link.addEventListener("mouseleave", () => hide(link));
  link.addEventListener("blur", () => hide(link));
  link.addEventListener("keydown", (event) => event.key === "Escape" && hide(link));
}
