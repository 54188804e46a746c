// Noise: what is measured, which states the maximum of the likelihood recovers, and its coefficients
// beside the Cramer-Rao bound. Only the levels that were computed; nothing lies between.
window.interactiveFigures.noise = (place, words) => {
  const { rows, dt, start } = window.stored.noise_levels;
  const { sigma, rho, beta } = Lorenz.standard;
  // The seven terms in the order of the record, equation by equation.
  const TERMS = ["x, x", "x, y", "y, x", "y, y", "y, xz", "z, z", "z, xy"];
  const TRUE = [-sigma, sigma, rho, -1, -1, -beta, 1];
  const percent = (value) => `${(100 * value).toPrecision(2)} %`;
  const truth = [start];
  const FINE = 5; // points of the true orbit between two samples
  while (truth.length <= FINE * (rows[0].noisy.length - 1))
    truth.push(Lorenz.flow(truth[truth.length - 1], dt / FINE));
  let row;

  // Errors of the coefficients relative to the true ones: (draws, 7).
  const errors = () => row.coef.map((draw) => draw.map((value, i) => value / TRUE[i] - 1));
  const bounds = (of = row) => of.bound.map((value, i) => value / Math.abs(TRUE[i]));

  // The standard deviation of the draws about the true value, relative to it, for each coefficient.
  function scatter(of = row) {
    return TRUE.map((value, i) => {
      const squares = of.coef.map((draw) => (draw[i] / value - 1) ** 2);
      return Math.sqrt(squares.reduce((a, b) => a + b) / squares.length);
    });
  }

  function distance(states) {
    const squares = states.map((state, t) => Lorenz.distance(state, truth[FINE * t]) ** 2);
    return Math.sqrt(squares.reduce((a, b) => a + b) / squares.length / 3);
  }

  function drawCoefficients(context, width, height) {
    const colours = themeColours();
    const [left, bottom] = [64, 34];
    const reach = 4 * Math.max(...bounds());
    const across = (value) => left + ((width - left - 12) * (value / reach + 1)) / 2;
    context.font = "13px system-ui, sans-serif";
    context.textBaseline = "middle";
    TRUE.forEach((_, i) => {
      const y = ((height - bottom) * (i + 0.5)) / TRUE.length;
      context.textAlign = "right";
      context.fillStyle = colours.ink;
      context.fillText(TERMS[i], left - 10, y);
      const half = 2 * bounds()[i];
      context.fillStyle = colours.first;
      context.globalAlpha = 0.3;
      context.fillRect(across(-half), y - 9, across(half) - across(-half), 18);
      context.globalAlpha = 1;
      context.fillStyle = colours.second;
      for (const draw of errors()) {
        context.beginPath();
        context.arc(across(Math.max(-reach, Math.min(reach, draw[i]))), y, 3, 0, 2 * Math.PI);
        context.fill();
      }
    });
    context.strokeStyle = context.fillStyle = colours.ink;
    context.beginPath();
    context.moveTo(across(0), 0);
    context.lineTo(across(0), height - bottom);
    context.stroke();
    context.textAlign = "center";
    context.fillText(`−${percent(reach)}`, across(-reach) + 22, height - bottom + 12);
    context.fillText("0", across(0), height - bottom + 12);
    context.fillText(percent(reach), across(reach) - 18, height - bottom + 12);
  }

  // All levels at once: the errors fall along the bounds.
  function drawLevels(context, width, height) {
    const colours = themeColours();
    const [left, bottom, low, high] = [64, 34, -5, -0.5];
    const levels = rows.map(({ level }) => Math.log10(level));
    const [least, most] = [Math.min(...levels), Math.max(...levels)];
    const across = (of) => left + ((width - left - 24) * (Math.log10(of.level) - least)) / (most - least);
    const up = (value) => 8 + ((height - bottom - 8) * (high - Math.log10(value))) / (high - low);
    context.font = "13px system-ui, sans-serif";
    context.textBaseline = "middle";
    context.fillStyle = colours.ink;
    context.textAlign = "right";
    for (const value of [1e-4, 1e-3, 1e-2, 1e-1]) context.fillText(`${100 * value} %`, left - 10, up(value));
    context.textAlign = "center";
    for (const of of rows.filter(({ level }) => [0.001, 0.01, 0.1].includes(level)))
      context.fillText(`${100 * of.level} %`, across(of), height - bottom + 14);
    context.strokeStyle = colours.quiet;
    context.beginPath();
    context.moveTo(across(row), 0);
    context.lineTo(across(row), height - bottom);
    context.stroke();
    TRUE.forEach((_, i) => {
      context.strokeStyle = colours.first;
      context.beginPath();
      for (const of of rows) context.lineTo(across(of), up(bounds(of)[i]));
      context.stroke();
      context.fillStyle = colours.second;
      for (const of of rows) {
        context.beginPath();
        context.arc(across(of), up(scatter(of)[i]), 3, 0, 2 * Math.PI);
        context.fill();
      }
    });
  }

  const flat = (states) => Float64Array.from(states.flat());
  const view = new View(words["view"], () => {
    const colours = themeColours();
    return [
      { points: truth, colour: colours.quiet, width: 5, opacity: 0.35, end: "none" },
      { points: row.recovered, colour: colours.first, width: 1.4, opacity: 1, end: "none" },
      { states: flat(row.noisy), groups: new Uint8Array(row.noisy.length), palette: [colours.second], side: 4 },
    ];
  }, { reach: 28 });
  const coefficients = new Sheet(words["coefficients"], 0.8, drawCoefficients);
  const levels = new Sheet(words["levels"], 0.35, drawLevels);
  const reading = element("output", { class: "interactive-reading" });
  const body = element("tbody");
  const head = ["term", "true", "scatter", "bound"].map((name) => element("th", { scope: "col" }, words[name]));
  const level = slider({
    id: "level", name: words["level"], low: 0, high: rows.length - 1, value: 0,
    say: (index) => percent(rows[index].level), use: set,
  });

  function set(index) {
    row = rows[index];
    level.set(index);
    reading.textContent =
      `${words["states"]}: ${distance(row.noisy).toPrecision(2)} ${words["measured"]}, ` +
      `${distance(row.recovered).toPrecision(2)} ${words["recovered"]} · ${words["exact"]}: ${row.exact} / ${row.coef.length}`;
    body.replaceChildren(...TRUE.map((value, i) =>
      element("tr", {}, element("th", { scope: "row" }, TERMS[i]),
        ...[value.toPrecision(3), percent(scatter()[i]), percent(bounds()[i])].map((text) => element("td", {}, text)))));
    for (const sheet of [view, coefficients, levels]) sheet.paint();
  }

  place.append(
    element("div", { class: "interactive-controls" }, level.row),
    reading,
    element("div", { class: "interactive-pair" }, captioned(view, words["view"]),
      captioned(coefficients, words["coefficients"])),
    captioned(levels, words["levels"]),
    element("details", { class: "interactive-more" }, element("summary", {}, words["numbers"]),
      element("table", {}, element("thead", {}, element("tr", {}, ...head)), body)),
    element("p", { class: "interactive-help" }, words["help"]),
  );
  set(0);
  place.figure = {
    set, still: () => set(Math.min(3, rows.length - 1)),
    state: () => ({
      level: row.level, errors: errors(), scatter: scatter(), bounds: bounds(),
      measured: distance(row.noisy), recovered: distance(row.recovered),
    }),
  };
};
