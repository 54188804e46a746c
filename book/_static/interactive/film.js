// Checkpoints of two trainings: what the generator draws, beside what its critic says of it.
window.interactiveFigures.film = (place, words) => {
  const DT = 0.1;
  const BINS = 24;
  const { rows, n_steps } = window.stored.training_film;
  const { std } = window.generatorWeights;
  const setting = { network: "book", at: 0 };
  let frames, frame;

  // The share of pairs of which the critic gives the real one the higher score.
  const told = () => frame.real.filter((score, i) => score > frame.generated[i]).length / frame.real.length;
  const residual = () => median(flowResidual(frame.series, DT, std));

  function drawScores(context, width, height) {
    const colours = themeColours();
    const [left, bottom] = [8, 40];
    const all = [...frame.real, ...frame.generated];
    const [low, high] = [Math.min(...all), Math.max(...all)];
    const bin = (score) => Math.min(BINS - 1, Math.floor((BINS * (score - low)) / (high - low || 1)));
    const bars = [frame.real, frame.generated].map((scores) => {
      const counts = Array(BINS).fill(0);
      for (const score of scores) counts[bin(score)] += 1;
      return counts;
    });
    const most = Math.max(...bars.flat());
    const step = (width - 2 * left) / BINS;
    context.font = "13px system-ui, sans-serif";
    context.textBaseline = "top";
    bars.forEach((counts, i) => {
      context.fillStyle = [colours.first, colours.generated][i];
      context.globalAlpha = 0.65;
      counts.forEach((count, k) => {
        const up = ((height - bottom - 24) * count) / most;
        context.fillRect(left + k * step, height - bottom - up, step - 1, up);
      });
      context.globalAlpha = 1;
      context.fillText(words[["real", "generated"][i]], left + 90 * i, 0);
    });
    context.fillStyle = colours.ink;
    context.textAlign = "left";
    context.fillText(low.toPrecision(2), left, height - bottom + 6);
    context.textAlign = "right";
    context.fillText(high.toPrecision(2), width - left, height - bottom + 6);
    context.textAlign = "center";
    context.fillText(words["score"], width / 2, height - bottom + 6);
  }

  const view = new View(words["view"], () => [
    { points: frame.series, colour: themeColours().generated, end: "none" },
  ], { reach: 34 });
  const scores = new Sheet(words["scores"], 0.6, drawScores);
  const reading = element("output", { class: "interactive-reading" });
  const networks = choice({
    id: "network", name: words["network"], options: { deck: words["deck"], book: words["book"] },
    use: (network) => set({ network, at: 0 }),
  });
  const at = slider({
    id: "frame", name: words["step"], low: 0, high: 1, value: 0,
    say: (index) => String(frames ? frames[index].step : 0), use: (index) => set({ at: index }),
  });

  function set(change) {
    Object.assign(setting, change);
    frames = rows.filter(({ network }) => network === setting.network);
    frame = frames[setting.at];
    at.input.max = frames.length - 1;
    at.set(setting.at);
    networks.set(setting.network);
    reading.textContent =
      `${words["step"]} ${frame.step} / ${n_steps[setting.network]} · ` +
      `${words["told"]}: ${(100 * told()).toFixed(0)} % · ${words["residual"]}: ${residual().toPrecision(2)}`;
    for (const sheet of [view, scores]) sheet.paint();
  }

  place.append(
    element("div", { class: "interactive-controls" }, networks.row, at.row),
    reading,
    element("div", { class: "interactive-pair" }, captioned(view, words["view"]), captioned(scores, words["scores"])),
    element("p", { class: "interactive-help" }, words["help"]),
  );
  set({});
  place.figure = {
    set, still: () => set({ at: frames.length - 1 }),
    state: () => ({ ...setting, step: frame.step, told: told(), residual: residual(), frames: frames.length }),
  };
};
