// The trained generator: new random numbers in, a series out, and how far its steps are from Lorenz'.
window.interactiveFigures.generator = (place, words) => {
  const DT = 0.1;
  const LENGTH = 1000;
  const SHOWN = 200; // samples in the graph against time: 20 time units
  const network = new SeriesGenerator(window.generatorWeights);
  let clean, noise, series, residual, control;

  // latent: a list of burn-in + length triples; drawn anew if none is given.
  function draw(latent) {
    const length = network.burnIn + LENGTH;
    clean = network.seriesFrom(latent ?? Array.from({ length }, () => [gaussian(), gaussian(), gaussian()]));
    noise = clean.map(() => [gaussian(), gaussian(), gaussian()]);
    const mixed = clean.map((state) => ({ state, key: Math.random() })).sort((a, b) => a.key - b.key);
    control = median(flowResidual(mixed.map(({ state }) => state), DT, network.std));
    measure();
  }

  function measure() {
    const share = Number(level.value) / 100;
    shown.textContent = `${level.value} %`;
    series = clean.map((state, t) => state.map((value, i) => value + share * network.std[i] * noise[t][i]));
    residual = flowResidual(series, DT, network.std);
    const rms = Math.sqrt(residual.reduce((sum, value) => sum + value * value, 0) / residual.length);
    reading.textContent =
      `${words["residual"]}: ${words["median"]} ${median(residual).toPrecision(3)}, ` +
      `${words["rms"]} ${rms.toPrecision(3)} · ${words["mixed"]}: ${control.toPrecision(3)}`;
    for (const sheet of [view, graph, errors]) sheet.paint();
  }

  const view = new View(words["butterfly"], () => [{ points: series, colour: themeColours().generated }]);
  const graph = new Graph(words["series"], 0.4, () => ({
    lines: ["x", "y", "z"].map((name, i) => ({
      values: series.slice(0, SHOWN).map((state) => state[i]), colour: themeColours()[name], name,
    })),
    start: 0, dt: DT, low: -30, high: 50, time: words["time"],
    ticks: [[-25, "-25"], [0, "0"], [25, "25"], [50, "50"]],
  }));
  const errors = new Graph(words["errors"], 0.3, () => ({
    lines: [{ values: residual.map((value) => Math.log10(value)), colour: themeColours().ink }],
    start: 0, dt: DT, low: -5, high: 1, time: words["time"],
    ticks: [[-4, "0.0001"], [-2, "0.01"], [0, "1"]],
  }));
  const reading = element("output", { class: "interactive-reading" });
  const again = element("button", { type: "button" }, words["draw"]);
  const level = element("input", { type: "range", min: 0, max: 10, step: 0.1, value: 0, id: "slider-noise" });
  const shown = element("output", { for: level.id });
  again.addEventListener("click", () => draw());
  level.addEventListener("input", measure);

  place.append(
    element("div", { class: "interactive-buttons" }, again),
    element("div", { class: "interactive-controls" },
      element("label", {}, element("span", {}, words["noise"]), level, shown)),
    reading,
    view.canvas,
    element("p", { class: "interactive-help" }, words["series"]),
    graph.canvas,
    element("p", { class: "interactive-help" }, words["errors"]),
    errors.canvas,
    element("p", { class: "interactive-help" }, words["help"]),
  );
  draw();
  place.figure = { network, draw, state: () => ({ series, residual, control }) };
};
