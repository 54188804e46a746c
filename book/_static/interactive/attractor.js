// Two orbits from nearby starts, their distance, and the exponent that it shows so far.
window.interactiveFigures.attractor = (place, words) => {
  const DT = 0.005;
  const TRAIL = 4000; // samples: 20 time units
  const APART = 1e-5;
  const parameters = { ...Lorenz.standard };
  let first, second, trails, distances, running, frame;

  function restart() {
    // A thousand steps bring the start onto the attractor, if there is one.
    first = [1, 1, 20];
    for (let i = 0; i < 2000; i++) first = Lorenz.step(first, DT, parameters);
    second = [first[0] + APART, first[1], first[2]];
    trails = [[first], [second]];
    distances = [Math.log10(APART)];
    show();
  }

  function advance(steps) {
    for (let i = 0; i < steps; i++) {
      first = Lorenz.step(first, DT, parameters);
      second = Lorenz.step(second, DT, parameters);
      trails[0].push(first);
      trails[1].push(second);
      // Two orbits that meet at a fixed point have no distance left that a computer could tell.
      distances.push(Math.log10(Math.max(1e-16, Lorenz.distance(first, second))));
    }
    for (const trail of trails) trail.splice(0, trail.length - TRAIL);
    show();
  }

  // Over the straight part only: until the distance is a unit of space.
  function exponent() {
    const end = distances.findIndex((value) => value > 0);
    const last = end < 0 ? distances.length - 1 : end;
    return last < 1 ? NaN : ((distances[last] - distances[0]) * Math.LN10) / (last * DT);
  }

  const view = new View(words["view"], () => {
    const colours = themeColours();
    return [
      { points: trails[0], colour: colours.first },
      { points: trails[1], colour: colours.second },
    ];
  });
  const graph = new Graph(words["graph"], 0.4, () => ({
    lines: [{ values: distances.filter((_, i) => i % 10 === 0), colour: themeColours().ink }],
    start: 0, dt: 10 * DT, low: -10, high: 2.5, time: words["time"],
    ticks: [[-10, "1e-10"], [-5, "1e-5"], [0, "1"], [2, "100"]],
  }));
  const reading = element("output", { class: "interactive-reading" });

  function show() {
    const time = (distances.length - 1) * DT;
    const value = exponent();
    const distance = 10 ** distances[distances.length - 1];
    reading.textContent =
      `${words["time"]}: ${time.toFixed(1)} · ${words["distance"]}: ${distance.toExponential(1)} · ` +
      `${words["exponent"]}: ${Number.isNaN(value) ? "–" : value.toFixed(2)}`;
    view.paint();
    graph.paint();
  }

  function slider(name, symbol, low, high, by) {
    const input = element("input", { type: "range", min: low, max: high, step: by, id: `slider-${name}` });
    const shown = element("output", { for: input.id });
    const update = () => (shown.textContent = parameters[name].toFixed(2));
    input.value = parameters[name];
    update();
    input.addEventListener("input", () => {
      parameters[name] = Number(input.value);
      update();
      restart();
    });
    const reset = () => {
      parameters[name] = Lorenz.standard[name];
      input.value = parameters[name];
      update();
    };
    return { row: element("label", {}, element("span", {}, symbol), input, shown), reset };
  }

  const sliders = [
    slider("rho", "ρ", 0, 200, 0.1),
    slider("sigma", "σ", 1, 20, 0.1),
    slider("beta", "β", 0.5, 5, 0.01),
  ];
  const run = element("button", { type: "button" }, words["pause"]);
  const again = element("button", { type: "button" }, words["restart"]);
  const classic = element("button", { type: "button" }, words["classic"]);

  function tick() {
    advance(6);
    if (running) frame = requestAnimationFrame(tick);
  }

  function setRunning(value) {
    running = value;
    run.textContent = running ? words["pause"] : words[reducedMotion.matches ? "ahead" : "run"];
    cancelAnimationFrame(frame);
    if (running) frame = requestAnimationFrame(tick);
  }

  run.addEventListener("click", () => {
    if (reducedMotion.matches) advance(1000); // five time units at once: nothing moves by itself
    else setRunning(!running);
  });
  again.addEventListener("click", restart);
  classic.addEventListener("click", () => {
    for (const { reset } of sliders) reset();
    restart();
  });
  document.addEventListener("visibilitychange", () => document.hidden && running && setRunning(false));

  place.append(
    element("div", { class: "interactive-controls" }, ...sliders.map(({ row }) => row)),
    element("div", { class: "interactive-buttons" }, run, again, classic),
    view.canvas,
    reading,
    graph.canvas,
    element("p", { class: "interactive-help" }, words["help"]),
  );
  restart();
  setRunning(!reducedMotion.matches);
  place.figure = { parameters, advance, exponent, setRunning, state: () => [first, second] };
};
