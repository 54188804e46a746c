// Two orbits from nearby starts, their distance, and the exponent that it shows so far.
window.interactiveFigures.attractor = (place, words) => {
  const DT = 0.005;
  const TRAIL = 4000; // samples: 20 time units
  const EVERY = 10; // steps between the points of the graphs
  const KNOWN = 0.9056; // Sprott, Chaos and Time-Series Analysis (2003)
  const parameters = { ...Lorenz.standard };
  const start = { x: -12, y: -15, z: 28, separation: -5 }; // the separation as a power of ten
  const initial = { ...parameters, ...start };
  let first, second, trails, distances;

  function restart() {
    first = [start.x, start.y, start.z];
    second = [start.x + 10 ** start.separation, start.y, start.z];
    trails = [[first], [second]];
    distances = [logDistance()];
    show();
  }

  // Two orbits that meet at a fixed point have no distance left that a computer could tell.
  function logDistance() {
    return Math.log10(Math.max(1e-16, Lorenz.distance(first, second)));
  }

  function advance(steps) {
    for (let i = 0; i < steps; i++) {
      first = Lorenz.step(first, DT, parameters);
      second = Lorenz.step(second, DT, parameters);
      trails[0].push(first);
      trails[1].push(second);
      distances.push(logDistance());
    }
    for (const trail of trails) trail.splice(0, trail.length - TRAIL);
    show();
  }

  // The exponent of Lorenz's own values, which the graphs show as a guide for these values only.
  function guide(from, to) {
    const classic = Object.keys(Lorenz.standard).every((name) => parameters[name] === Lorenz.standard[name]);
    return classic ? [{ from, to, name: KNOWN.toFixed(3) }] : [];
  }

  // Over the straight part only: until the distance is a unit of space.
  function lastStraight() {
    const end = distances.findIndex((value) => value > 0);
    return end < 0 ? distances.length - 1 : end;
  }

  function exponent(at = lastStraight()) {
    return at < 1 ? NaN : ((distances[at] - distances[0]) * Math.LN10) / (at * DT);
  }

  // The exponent at each point of the graphs, held from the end of the straight part on.
  function exponents() {
    const last = lastStraight();
    const found = [];
    for (let i = 0; i < distances.length; i += EVERY) found.push(exponent(Math.min(Math.max(i, 1), last)));
    return found.map((value) => (Number.isNaN(value) ? 0 : value));
  }

  const view = new View(words["view"], () => {
    const colours = themeColours();
    return [
      // The second lies in the first like the line in a road, until they part.
      { points: trails[0], colour: colours.first, width: 5, opacity: 0.65, end: "ring" },
      { points: trails[1], colour: colours.second, width: 1.4, opacity: 1 },
    ];
  });
  const graph = new Graph(words["graph"], 0.4, () => ({
    lines: [{ values: distances.filter((_, i) => i % EVERY === 0), colour: themeColours().ink }],
    start: 0, dt: EVERY * DT, low: -13, high: 2.5, time: words["time"],
    guides: guide(distances[0], distances[0] + (KNOWN * DT * (distances.length - 1)) / Math.LN10),
    ticks: [[-10, "1e-10"], [-5, "1e-5"], [0, "1"], [2, "100"]],
  }));
  const rates = new Graph(words["rates"], 0.3, () => ({
    lines: [{ values: exponents(), colour: themeColours().ink }],
    start: 0, dt: EVERY * DT, low: -2, high: 4, time: words["time"], guides: guide(KNOWN, KNOWN),
    ticks: [[-2, "-2"], [0, "0"], [2, "2"], [4, "4"]],
  }));
  const reading = element("output", { class: "interactive-reading", "aria-live": "off" });

  function show() {
    const time = (distances.length - 1) * DT;
    const value = exponent();
    const distance = 10 ** distances[distances.length - 1];
    reading.textContent =
      `${words["time"]}: ${time.toFixed(1)} · ${words["distance"]}: ${distance.toExponential(1)} · ` +
      `${words["exponent"]}: ${Number.isNaN(value) ? "–" : value.toFixed(2)}`;
    for (const sheet of [view, graph, rates]) sheet.paint();
  }

  // A slider that sets target[name] and starts the orbits anew.
  function setting(target, name, symbol, low, high, by, say = (value) => value.toFixed(2)) {
    const use = (value) => {
      target[name] = value;
      restart();
    };
    const made = slider({ id: name, name: symbol, low, high, by, say, use, value: target[name] });
    return { row: made.row, reset: () => made.set((target[name] = initial[name])) };
  }

  const sliders = [
    setting(parameters, "rho", "ρ", 0, 200, 0.1),
    setting(parameters, "sigma", "σ", 1, 20, 0.1),
    setting(parameters, "beta", "β", 0.5, 5, 0.01),
  ];
  const one = (value) => value.toFixed(1);
  const starts = [
    setting(start, "x", "x", -20, 20, 0.1, one),
    setting(start, "y", "y", -25, 25, 0.1, one),
    setting(start, "z", "z", 0, 50, 0.1, one),
    setting(start, "separation", words["apart"], -12, 0, 0.5, (value) => (10 ** value).toExponential(0)),
  ];
  const run = runner(place, words, () => advance(6), () => advance(1000)); // five time units
  const again = button(words["restart"], restart);
  const classic = button(words["classic"], () => {
    for (const { reset } of [...sliders, ...starts]) reset();
    restart();
  });

  place.append(
    element("div", { class: "interactive-controls" }, ...sliders.map(({ row }) => row)),
    element("details", { class: "interactive-more" },
      element("summary", {}, words["starts"]),
      element("div", { class: "interactive-controls" }, ...starts.map(({ row }) => row))),
    element("div", { class: "interactive-buttons" }, run.button, again, classic),
    reading,
    element("div", { class: "interactive-pair" },
      captioned(view, words["view"]),
      element("div", {}, captioned(graph, words["graph"]), captioned(rates, words["rates"]))),
    element("p", { class: "interactive-help" }, words["help"]),
  );
  restart();
  run.set(!reducedMotion.matches);
  place.figure = {
    parameters, start, restart, advance, exponent, setRunning: run.set,
    still: () => advance(6000), state: () => [first, second],
  };
};
