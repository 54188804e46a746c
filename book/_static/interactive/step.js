// The equations that two methods find at a step, run in two ways: where the chaos goes, and comes back.
window.interactiveFigures.step = (place, words) => {
  const DURATION = 60;
  const ACCURATE = 0.005; // the longest of the accurate steps
  const AVERAGED = 200; // time units of the exponent, after DURATION ones that are shown
  const GONE = 1000;
  const [STILL, CHAOTIC] = [0.5, 0.1]; // width in x of an orbit at rest; the least exponent of chaos
  const START = [-12, -15, 28];
  const TERMS = ["x", "y", "z", "x²", "xy", "xz", "y²", "yz", "z²"];
  const { rows } = window.stored.steps;
  const steps = [...new Set(rows.map(({ dt }) => dt))];
  const setting = { dt: 0.01, found: "differences", by: "euler" };
  let model, orbit, exponent;

  // The nine terms and their coefficients, a row for each equation, as a field.
  function polynomial(coef) {
    return (at, out) => {
      const x = at[0], y = at[1], z = at[2];
      for (let i = 0; i < 3; i++) {
        const k = 9 * i;
        out[i] =
          coef[k] * x + coef[k + 1] * y + coef[k + 2] * z + coef[k + 3] * x * x + coef[k + 4] * x * y +
          coef[k + 5] * x * z + coef[k + 6] * y * y + coef[k + 7] * y * z + coef[k + 8] * z * z;
      }
    };
  }

  const gone = (state) => !(Math.hypot(state[0], state[1], state[2]) < GONE);

  // What moves a state of that size on in place by a time: Euler's step, or accurate ones of about `time`.
  function mover(field, size, time) {
    if (setting.by === "accurate")
      return { by: time, move: (state) => Lorenz.advance(field, state, ACCURATE, time / ACCURATE, size) };
    const velocity = new Float64Array(size);
    const move = (state) => {
      field(state, velocity);
      for (let i = 0; i < size; i++) state[i] += setting.dt * velocity[i];
    };
    return { by: setting.dt, move };
  }

  // The samples that are drawn, their distance in time, and the last state.
  function integrate(field) {
    const { by, move } = mover(field, 3, 2 * ACCURATE);
    const every = Math.max(1, Math.round((2 * ACCURATE) / by)); // no finer than one sees
    const state = Float64Array.from(START);
    const points = [[...state]];
    for (let i = 1; i * by < DURATION + by / 2; i++) {
      move(state);
      if (gone(state)) break;
      if (i % every === 0) points.push([...state]);
    }
    return { points, spacing: every * by, end: state };
  }

  // The mean growth of a tangent vector after the part that is shown; NaN of an orbit that is gone.
  function growth(field, start) {
    const { by, move } = mover(Lorenz.withTangents(field), 6, 10 * ACCURATE);
    const state = Float64Array.of(...start, 1, 0, 0);
    const count = Math.round(AVERAGED / by);
    let sum = 0;
    for (let i = 0; i < count; i++) {
      move(state);
      if (gone(state)) return NaN;
      const length = Math.hypot(state[3], state[4], state[5]);
      for (let j = 3; j < 6; j++) state[j] /= length;
      sum += Math.log(length);
    }
    return sum / (count * by);
  }

  function fate() {
    if (Number.isNaN(exponent)) return "gone";
    const last = orbit.points.slice(-orbit.points.length / 5).map(([x]) => x);
    if (Math.max(...last) - Math.min(...last) < STILL) return "rest";
    return exponent > CHAOTIC ? "chaos" : "cycle";
  }

  function compute() {
    model = rows.find(({ dt, found }) => dt === setting.dt && found === setting.found);
    const field = polynomial(model.coef);
    orbit = integrate(field);
    exponent = gone(orbit.end) ? NaN : growth(field, orbit.end);
    reading.textContent =
      `${words[fate()]} · ${words["exponent"]}: ${Number.isNaN(exponent) ? "–" : exponent.toFixed(2)} · ` +
      `${words["error"]}: ${model.error < 1e-3 ? model.error.toExponential(0) : model.error.toPrecision(2)}`;
    ["x", "y", "z"].forEach((name, i) => {
      lines[i].textContent = `d${name}/dt = ${equation(model.coef.slice(9 * i, 9 * i + 9))}`;
    });
    for (const sheet of [view, graph]) sheet.paint();
  }

  function equation(coef) {
    const terms = coef.flatMap((value, k) =>
      Math.abs(value) < 0.005 ? [] : [`${value < 0 ? "−" : "+"} ${Math.abs(value).toFixed(2)} ${TERMS[k]}`]);
    return terms.join(" ").replace(/^\+ /, "").replace(/^− /, "−") || "0";
  }

  const truth = [];
  for (let state = START; truth.length < 4000; state = Lorenz.step(state, 0.01)) truth.push(state);
  const view = new View(words["view"], () => [
    { points: truth, colour: themeColours().quiet, opacity: 0.3, end: "none" },
    { points: orbit.points, colour: themeColours().first, opacity: 0.9 },
  ], { reach: 32 });
  const graph = new Graph(words["graph"], 0.4, () => ({
    lines: [{ values: orbit.points.map(([x]) => x), colour: themeColours().first }],
    start: 0, dt: orbit.spacing, low: -25, high: 25, time: words["time"],
    ticks: [[-20, "-20"], [0, "0"], [20, "20"]],
  }));
  const reading = element("output", { class: "interactive-reading" });
  const lines = ["x", "y", "z"].map(() => element("code", {}));
  const options = (...names) => Object.fromEntries(names.map((name) => [name, words[name]]));
  const size = slider({
    id: "step", name: words["step"], low: 0, high: steps.length - 1, value: 0,
    say: (index) => String(steps[index]), use: (index) => set({ dt: steps[index] }),
  });
  const found = choice({
    id: "found", name: words["found"], options: options("differences", "flow"), use: (value) => set({ found: value }),
  });
  const by = choice({
    id: "by", name: words["by"], options: options("euler", "accurate"), use: (value) => set({ by: value }),
  });

  function set(change) {
    Object.assign(setting, change);
    size.set(steps.indexOf(setting.dt));
    found.set(setting.found);
    by.set(setting.by);
    compute();
  }

  place.append(
    element("div", { class: "interactive-controls" }, size.row, found.row, by.row),
    reading,
    element("div", { class: "interactive-pair" },
      captioned(view, words["view"]),
      element("div", {}, captioned(graph, words["graph"]),
        element("p", { class: "interactive-help" }, words["equations"]),
        element("div", { class: "interactive-equations" }, ...lines))),
    element("p", { class: "interactive-help" }, words["help"]),
  );
  set({});
  place.figure = {
    setting, set, still: () => set({ by: "accurate" }),
    state: () => ({ ...orbit, end: [...orbit.end], exponent, fate: fate(), coef: model.coef }),
  };
};
