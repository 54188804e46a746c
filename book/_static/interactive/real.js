// A game: of two curves one is a network's. Then what gave it away, as colour along both.
window.interactiveFigures.real = (place, words) => {
  const DT = 0.1;
  const LENGTH = 200;
  const ROUNDS = ["deck", "deck", "deck", ...Array(7).fill("book")];
  const NAMES = ["A", "B"];
  const [SMALL, LARGE, VISIBLE] = [-6, 0, 0.05]; // powers of ten of the colours; what an eye sees
  const COLOURS = ramp(24, [[0, 114, 178], [204, 121, 167], [213, 94, 0]]);
  const network = new SeriesGenerator(window.generatorWeights);
  const fill = (text, ...values) => text.replace(/\{(\d)\}/g, (_, i) => values[i]);
  let round, right, series, residuals, answer, guess, stock;

  function restart() {
    [round, right] = [0, { deck: 0, book: 0 }];
    stock = window.stored.deck_series.rows.map(({ series }) => series).sort(() => Math.random() - 0.5);
    deal();
  }

  function deal() {
    answer = Math.random() < 0.5 ? 0 : 1;
    guess = null;
    const curves = [ROUNDS[round] === "deck" ? stock.pop() : generated(), orbit()];
    series = answer === 0 ? curves : curves.reverse();
    residuals = series.map((states) => flowResidual(states, DT, network.std));
    show();
  }

  function generated() {
    const latent = Array.from({ length: network.burnIn + LENGTH }, () => [gaussian(), gaussian(), gaussian()]);
    return network.seriesFrom(latent);
  }

  // A true orbit, after its way to the attractor.
  function orbit() {
    const states = [Lorenz.flow([8 * gaussian(), 8 * gaussian(), 25 + 8 * gaussian()], 20)];
    while (states.length < LENGTH) states.push(Lorenz.flow(states[states.length - 1], DT));
    return states;
  }

  function take(choice) {
    guess = choice;
    if (guess === answer) right[ROUNDS[round]] += 1;
    show();
    next.focus();
  }

  function proceed() {
    round += 1;
    if (round < ROUNDS.length) deal();
    else restart();
    choices[0].focus();
  }

  const count = (kind) => ROUNDS.filter((name) => name === kind).length;

  function show() {
    const [open, last] = [guess === null, round === ROUNDS.length - 1];
    const [wins, losses] = [right.deck + right.book, round + (open ? 0 : 1) - right.deck - right.book];
    for (const made of choices) made.hidden = !open;
    next.hidden = open;
    next.textContent = words[last ? "again" : "next"];
    asked.textContent = fill(words["ask"], round + 1, ROUNDS.length);
    score.textContent = `${words["score"]}: ${wins} : ${losses}`;
    const [own, true_] = [residuals[answer], residuals[1 - answer]].map((values) => median(values));
    const said = open ? [] : [
      `${words[guess === answer ? "right" : "wrong"]}. ${fill(words[ROUNDS[round]], NAMES[answer])}`,
      fill(words["residuals"], own.toPrecision(1), true_.toExponential(0)),
      words[own > VISIBLE ? "seen" : "unseen"],
    ];
    if (!open && last)
      said.push(fill(words["end"], wins, ROUNDS.length, right.deck, count("deck"), right.book, count("book"), count("book") / 2));
    reading.replaceChildren(...said.map((text) => element("p", {}, text)));
    bar.hidden = open;
    for (const view of views) view.paint();
  }

  function colourOf(residual) {
    const share = (Math.log10(residual) - SMALL) / (LARGE - SMALL);
    return COLOURS[Math.round(Math.max(0, Math.min(1, share)) * (COLOURS.length - 1))];
  }

  const turns = [];
  const views = NAMES.map((name, i) => new View(fill(words["curve"], name), () => [{
    points: series[i], colour: themeColours().ink, end: "none", width: guess === null ? 1 : 1.6,
    opacity: guess === null ? 0.75 : 1,
    colours: guess === null ? null : residuals[i].map(colourOf),
  }], { turns, ratio: 0.9, reach: 32 }));
  const asked = element("p", { class: "interactive-asked" });
  const score = element("span", { class: "interactive-score" });
  const reading = element("div", { class: "interactive-verdict", role: "status" });
  const bar = colourBar(words["colour"], COLOURS, (10 ** SMALL).toExponential(), 10 ** LARGE);
  const choices = NAMES.map((name, i) => button(fill(words["answer"], name), () => take(i)));
  const next = button("", proceed);

  place.append(
    asked,
    element("div", { class: "interactive-duel" }, ...views.map((view, i) =>
      element("div", {}, element("p", { class: "interactive-help" }, NAMES[i]), view.canvas))),
    element("div", { class: "interactive-buttons" }, ...choices, next, score),
    reading,
    bar,
    element("p", { class: "interactive-help" }, words["help"]),
  );
  restart();
  place.figure = {
    take, proceed, rounds: ROUNDS, still: () => take(answer),
    state: () => ({ round, right, series, residuals, answer, kind: ROUNDS[round], said: reading.textContent }),
  };
};
