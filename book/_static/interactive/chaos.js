// A ball of starts that the flow stretches and folds, with the ellipsoid that its linear part makes of it.
window.interactiveFigures.chaos = (place, words) => {
  const STEP = 0.005;
  const CENTRE = [-12, -15, 28];
  const COUNT = window.matchMedia("(max-width: 40rem), (pointer: coarse)").matches ? 3000 : 10000;
  const GROUPS = 8;
  const CIRCLE = 120; // points of each of the ellipsoid's three circles
  const SHOWN = 60; // the ellipsoid is drawn up to this size
  const field = Lorenz.equations(Lorenz.standard);
  const tangents = Lorenz.withTangents(field);
  // The ball that all radii share: uniform in its inside.
  const ball = new Float64Array(3 * COUNT);
  for (let i = 0; i < ball.length; i += 3) {
    const direction = [gaussian(), gaussian(), gaussian()];
    const scale = Math.cbrt(Math.random()) / Math.hypot(...direction);
    for (let j = 0; j < 3; j++) ball[i + j] = scale * direction[j];
  }
  // states: the cloud; matrix: the centre with the columns of the flow's derivative; frame: the same
  // with columns that are kept apart; growths: the logarithms of what was taken from their lengths.
  let states, matrix, frame, growths, time, sizes, radius = 0.5;

  const start = () => Float64Array.of(...CENTRE, 1, 0, 0, 0, 1, 0, 0, 0, 1);

  function restart(own) {
    if (own) ball.set(own);
    states = ball.map((value, i) => CENTRE[i % 3] + radius * value);
    [matrix, frame, growths, time, sizes] = [start(), start(), [0, 0, 0], 0, [[], []]];
    measure();
  }

  // Gram-Schmidt, as in Benettin's method: columns orthonormal again, their lengths to the growths.
  function factor() {
    for (let i = 0; i < 3; i++) {
      const column = frame.subarray(3 + 3 * i, 6 + 3 * i);
      for (let j = 0; j < i; j++) {
        const other = frame.subarray(3 + 3 * j, 6 + 3 * j);
        const along = column[0] * other[0] + column[1] * other[1] + column[2] * other[2];
        for (let k = 0; k < 3; k++) column[k] -= along * other[k];
      }
      const length = Math.hypot(...column);
      growths[i] += Math.log(length);
      for (let k = 0; k < 3; k++) column[k] /= length;
    }
  }

  function advance(steps) {
    for (let i = 0; i < steps; i += 2) {
      const now = Math.min(2, steps - i);
      Lorenz.advance(field, states, STEP, now);
      Lorenz.advance(tangents, matrix, STEP, now, 12);
      Lorenz.advance(tangents, frame, STEP, now, 12);
      factor();
      time += now * STEP;
      measure(i + 2 >= steps);
    }
  }

  // Root mean square distance from the mean, of the cloud and of a uniform ball's linear image.
  function measure(paint = true) {
    const mean = [0, 0, 0];
    let squares = 0;
    for (let i = 0; i < states.length; i++) {
      mean[i % 3] += states[i] / COUNT;
      squares += (states[i] * states[i]) / COUNT;
    }
    sizes[0].push(Math.sqrt(Math.max(0, squares - mean.reduce((sum, m) => sum + m * m, 0))));
    sizes[1].push(radius * Math.sqrt(matrix.subarray(3).reduce((sum, m) => sum + m * m, 0) / 5));
    if (paint) show();
  }

  const exponents = () => growths.map((growth) => growth / time);

  // The place of each start along the direction that the flow will stretch, in groups of equal number.
  function grouped() {
    const ahead = start();
    Lorenz.advance(tangents, ahead, STEP, 1.5 / STEP, 12);
    const columns = [3, 6, 9].map((i) => ahead.subarray(i, i + 3));
    let direction = [1, 1, 1];
    for (let round = 0; round < 20; round++) {
      const image = [0, 1, 2].map((k) => columns.reduce((sum, column, i) => sum + column[k] * direction[i], 0));
      direction = columns.map((column) => column.reduce((sum, value, k) => sum + value * image[k], 0));
      const length = Math.hypot(...direction);
      direction = direction.map((value) => value / length);
    }
    return Uint8Array.from({ length: COUNT }, (_, i) => {
      const along = direction.reduce((sum, value, k) => sum + value * ball[3 * i + k], 0);
      return Math.min(GROUPS - 1, Math.floor(((along + 1) / 2) * GROUPS));
    });
  }

  function circles() {
    if (sizes[1][sizes[1].length - 1] > SHOWN) return [];
    return [[0, 1], [1, 2], [2, 0]].map(([a, b]) =>
      Array.from({ length: CIRCLE + 1 }, (_, i) => {
        const [c, s] = [Math.cos((2 * Math.PI * i) / CIRCLE), Math.sin((2 * Math.PI * i) / CIRCLE)];
        return [0, 1, 2].map((k) => matrix[k] + radius * (c * matrix[3 + 3 * a + k] + s * matrix[3 + 3 * b + k]));
      }));
  }

  const attractor = [];
  for (let state = CENTRE; attractor.length < 2500; state = Lorenz.step(state, 0.012)) attractor.push(state);
  const groups = grouped();
  const view = new View(words["view"], () => {
    const colours = themeColours();
    return [
      { points: attractor, colour: colours.quiet, opacity: 0.18, end: "none" },
      { states, groups, palette: ramp(GROUPS) },
      ...circles().map((points) => ({ points, colour: colours.ink, opacity: 0.8, end: "none" })),
    ];
  }, { reach: 27, ratio: 0.7 });
  const graph = new Graph(words["graph"], 0.3, () => ({
    lines: sizes.map((values, i) => ({
      values: values.map(Math.log10), colour: themeColours()[i ? "first" : "second"],
    })),
    start: 0, dt: 2 * STEP, low: -3, high: 6, time: words["time"],
    ticks: [[-2, "0.01"], [0, "1"], [2, "100"], [4, "10000"]],
  }));
  const reading = element("output", { class: "interactive-reading", "aria-live": "off" });
  const run = runner(place, words, () => advance(2), () => advance(100));
  const size = slider({
    id: "radius", name: words["radius"], low: -2, high: 0.5, by: 0.25, value: Math.log10(radius),
    say: (power) => (10 ** power).toPrecision(1),
    use: (power) => {
      radius = 10 ** power;
      restart();
    },
  });

  function show() {
    const [cloud, linear] = sizes.map((values) => values[values.length - 1].toPrecision(3));
    const found = exponents();
    const rates = time ? found.map((value) => value.toFixed(2)).join(", ") : "–";
    const sum = time ? found.reduce((a, b) => a + b).toFixed(2) : "–";
    reading.textContent =
      `${words["time"]}: ${time.toFixed(2)} · ${COUNT} ${words["points"]} · ${words["size"]}: ${cloud}, ` +
      `${words["linear"]}: ${linear} · ${words["exponents"]}: ${rates} · ${words["sum"]}: ${sum}`;
    for (const sheet of [view, graph]) sheet.paint();
  }

  place.append(
    element("div", { class: "interactive-controls" }, size.row),
    element("div", { class: "interactive-buttons" }, run.button, button(words["restart"], () => restart())),
    reading,
    captioned(view, words["view"]),
    captioned(graph, words["graph"]),
    element("p", { class: "interactive-help" }, words["help"]),
  );
  restart();
  run.set(!reducedMotion.matches);
  place.figure = {
    restart, advance, count: COUNT, still: () => advance(1600),
    state: () => ({ time, radius, states: [...states], matrix: [...matrix], exponents: exponents(), sizes }),
  };
};
