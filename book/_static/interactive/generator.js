// The trained generator: new random numbers in, a series out, and how far its steps are from Lorenz'.
window.interactiveFigures.generator = (place, words) => {
  const DT = 0.1;
  const LENGTH = 1000;
  const SHOWN = 200; // samples in the graph against time: 20 time units
  const network = new SeriesGenerator(window.generatorWeights);
  let clean, noise, series, residual, control, truth;

  // latent: a list of burn-in + length triples; drawn anew if none is given.
  function draw(latent) {
    const length = network.burnIn + LENGTH;
    clean = network.seriesFrom(latent ?? Array.from({ length }, () => [gaussian(), gaussian(), gaussian()]));
    noise = clean.map(() => [gaussian(), gaussian(), gaussian()]);
    const mixed = clean.map((state) => ({ state, key: Math.random() })).sort((a, b) => a.key - b.key);
    control = median(flowResidual(mixed.map(({ state }) => state), DT, network.std));
    // From a random start, carried to the attractor first.
    truth = [Lorenz.flow([gaussian() * 8, gaussian() * 9, 25 + 8 * gaussian()], 10, Lorenz.standard, 0.005)];
    while (truth.length < LENGTH) truth.push(Lorenz.flow(truth[truth.length - 1], DT, Lorenz.standard, 0.0025));
    measure();
  }

  function measure() {
    const share = Number(level.input.value) / 100;
    series = clean.map((state, t) => state.map((value, i) => value + share * network.std[i] * noise[t][i]));
    residual = flowResidual(series, DT, network.std);
    const rms = Math.sqrt(residual.reduce((sum, value) => sum + value * value, 0) / residual.length);
    reading.textContent =
      `${words["residual"]}: ${words["median"]} ${median(residual).toPrecision(3)}, ` +
      `${words["rms"]} ${rms.toPrecision(3)} · ${words["mixed"]}: ${control.toPrecision(3)}`;
    for (const sheet of [view, trueView, graph, trueGraph, errors]) sheet.paint();
  }

  const turns = [];
  const view = new View(words["butterfly"], () => [{ points: series, colour: themeColours().generated }], { turns });
  const trueView = new View(words["true"], () => [{ points: truth, colour: themeColours().first }], { turns });
  const coordinates = (label, states) => new Graph(label, 0.4, () => ({
    lines: ["x", "y", "z"].map((name, i) => ({
      values: states().slice(0, SHOWN).map((state) => state[i]), colour: themeColours()[name], name,
    })),
    start: 0, dt: DT, low: -30, high: 50, time: words["time"],
    ticks: [[-25, "-25"], [0, "0"], [25, "25"], [50, "50"]],
  }));
  const graph = coordinates(words["series"], () => series);
  const trueGraph = coordinates(words["true series"], () => truth);
  const errors = new Graph(words["errors"], 0.3, () => ({
    lines: [{ values: residual.map((value) => Math.log10(value)), colour: themeColours().ink }],
    start: 0, dt: DT, low: -5, high: 1, time: words["time"],
    ticks: [[-4, "0.0001"], [-2, "0.01"], [0, "1"]],
  }));
  const reading = element("output", { class: "interactive-reading" });
  const level = slider({
    id: "noise", name: words["noise"], low: 0, high: 10, by: 0.1, value: 0, say: (value) => `${value} %`, use: measure,
  });

  place.append(
    element("div", { class: "interactive-buttons" }, button(words["draw"], () => draw())),
    element("div", { class: "interactive-controls" }, level.row),
    reading,
    element("div", { class: "interactive-pair interactive-halves" },
      captioned(view, words["butterfly"]), captioned(trueView, words["true"]),
      captioned(graph, words["series"]), captioned(trueGraph, words["true series"])),
    captioned(errors, words["errors"]),
    element("p", { class: "interactive-help" }, words["help"]),
  );
  draw();
  place.figure = { network, draw, state: () => ({ series, residual, control, truth }) };
};
