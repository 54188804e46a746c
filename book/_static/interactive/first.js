// The first page's picture: two orbits that start side by side, over the attractor that they draw.
// It begins when the page is at rest, moves while someone sees it, and stands still where motion is
// unwanted.
class Moving extends View {
  constructor(label) {
    super(label, () => []);
    this.elevation = 0.15; // as the still is drawn
    this.longest = window.matchMedia("(max-width: 600px)").matches ? 2500 : 4000;
    this.long = [Lorenz.flow([-12, -15, 28], 5, Lorenz.standard, 0.01)];
    this.rewind();
  }

  // Both orbits from the start again, a ten-thousandth apart.
  rewind() {
    this.orbits = [[-12, -15, 28], [-12 + Moving.APART, -15, 28]];
    this.trails = this.orbits.map((state) => [state]);
    this.apart = 0; // steps since they are further apart than a wing
  }

  // Both orbits, and the attractor behind them as long as it grows.
  advance(steps) {
    for (let i = 0; i < steps; i++) {
      this.orbits = this.orbits.map((state) => Lorenz.step(state, Moving.DT));
      this.orbits.forEach((state, k) => this.trails[k].push(state));
      this.apart += Lorenz.distance(...this.orbits) > 10 || this.apart > 0;
    }
    for (const trail of this.trails) trail.splice(0, trail.length - Moving.TRAIL);
    if (this.apart <= Moving.TOGETHER) return;
    // The second orbit comes back beside the first.
    const [x, y, z] = this.orbits[0];
    this.orbits[1] = [x + Moving.APART, y, z];
    this.trails[1] = [this.orbits[1]];
    this.apart = 0;
  }

  grow(steps) {
    for (let i = 0; i < steps && this.long.length < this.longest; i++)
      this.long.push(Lorenz.step(this.long[this.long.length - 1], 0.01));
  }

  paint() {
    const { clientWidth, clientHeight } = this.canvas.parentElement ?? {};
    if (!clientWidth) return;
    this.ratio = clientHeight / clientWidth;
    super.paint();
  }

  drawCurves(context, width, height) {
    const scale = Math.min(width / 66, height / 46);
    const [ca, sa] = [Math.cos(this.azimuth), Math.sin(this.azimuth)];
    const [ce, se] = [Math.cos(this.elevation), Math.sin(this.elevation)];
    const place = ([x, y, z]) => [
      width / 2 + scale * (ca * x - sa * y),
      height / 2 - scale * (ce * (z - 25) + se * (sa * x + ca * y)),
    ];
    const line = (points, from = 0, to = points.length) => {
      context.beginPath();
      for (let i = from; i < to; i++) context.lineTo(...place(points[i]));
      context.stroke();
    };
    const colours = themeColours();
    context.lineJoin = "round";
    context.strokeStyle = colours.quiet;
    context.globalAlpha = 0.4;
    context.lineWidth = 0.6;
    line(this.long);
    // Wide below and narrow above, and opaque: two colours are seen where the orbits are one line.
    [[colours.first, 4], [colours.second, 1.8]].forEach(([colour, thick], k) => {
      const trail = this.trails[k];
      context.strokeStyle = context.fillStyle = colour;
      context.globalAlpha = 1;
      const piece = Math.ceil(trail.length / 12) || 1;
      for (let i = 0; i < trail.length - 1; i += piece) {
        context.lineWidth = (thick * (i + piece)) / (trail.length + piece);
        line(trail, i, Math.min(i + piece + 1, trail.length));
      }
      context.beginPath();
      context.arc(...place(trail[trail.length - 1]), thick + 2.5, 0, 2 * Math.PI);
      context.fill();
    });
  }
}
Object.assign(Moving, { DT: 0.005, TRAIL: 500, APART: 1e-4, TOGETHER: 2400 });

function startMoving(place) {
  const words = JSON.parse(place.dataset.words);
  const still = place.querySelector("svg");
  const view = new Moving(still.getAttribute("aria-label"));
  const button = element("button", { type: "button", class: "moving-button" });
  const reading = element("output", { class: "moving-reading", "aria-live": "off" });
  let wanted = !reducedMotion.matches;
  let inView = false;
  let frame = 0;
  let last = 0;
  let turned = 0;

  // A distance as people write it: 0.0031 as 3 × 10⁻³.
  function show() {
    const distance = Lorenz.distance(...view.orbits);
    const [digits, power] = distance.toExponential(0).split("e");
    reading.replaceChildren(
      `${words["distance"]} `,
      ...(distance < 0.1 ? [`${digits} × 10`, element("sup", {}, power.replace("-", "−"))] : [distance.toFixed(1)]),
    );
    view.paint();
  }

  // As much time of the orbits as passes for the reader, whatever the screen's rate.
  function tick(now) {
    const seconds = Math.min(0.05, (now - last) / 1000);
    last = now;
    view.grow(40);
    view.advance(Math.max(1, Math.round(seconds / Moving.DT)));
    turned += seconds;
    view.azimuth += 0.06 * seconds * Math.cos(turned / 6);
    show();
    frame = requestAnimationFrame(tick);
  }

  const running = () => frame !== 0;

  function update() {
    const go = wanted && inView && !document.hidden;
    button.textContent = words[wanted ? "pause" : "run"];
    if (go === running()) return;
    cancelAnimationFrame(frame);
    frame = 0;
    if (!go) return;
    last = performance.now();
    frame = requestAnimationFrame(tick);
  }

  function setRunning(value) {
    wanted = value;
    update();
  }

  button.addEventListener("click", () => setRunning(!wanted));
  document.addEventListener("visibilitychange", update);
  reducedMotion.addEventListener("change", () => setRunning(!reducedMotion.matches));
  new IntersectionObserver((entries) => {
    inView = entries[entries.length - 1].isIntersecting;
    update();
  }, { threshold: 0.1 }).observe(place);

  place.append(view.canvas, reading, button);
  still.style.visibility = "hidden"; // its room stays
  if (reducedMotion.matches) {
    view.grow(view.longest);
    view.advance(2800); // the two have parted
  }
  show();
  update();
  place.figure = {
    advance: (steps) => { view.advance(steps); show(); },
    restart: () => { view.rewind(); show(); },
    state: () => view.orbits, running, setRunning,
  };
}

addEventListener("load", () => {
  for (const place of document.querySelectorAll(".moving"))
    (window.requestIdleCallback ?? setTimeout)(() => startMoving(place));
});
