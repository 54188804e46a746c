// Load an interactive figure's scripts, one after the other, when its button is pressed.
window.interactiveFigures = {};
const loading = {}; // figures share scripts: each is loaded once

function loadScript(address) {
  loading[address] ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = resolve;
    script.onerror = () => reject(new Error(`${address} did not load`));
    document.head.append(script);
  });
  return loading[address];
}

for (const place of document.querySelectorAll(".interactive")) {
  const button = place.querySelector(".interactive-start");
  button.addEventListener("click", async () => {
    button.disabled = true;
    for (const address of JSON.parse(place.dataset.scripts)) await loadScript(address);
    button.remove();
    window.interactiveFigures[place.dataset.figure](place, JSON.parse(place.dataset.words));
    place.querySelector("input, button, canvas").focus();
  });
}
