// The Lorenz system, one integrator, a view that turns, and a graph: shared by all interactive figures.
const Lorenz = {
  standard: { sigma: 10, rho: 28, beta: 8 / 3 },

  // The right-hand side, as a function that reads a state from `at` and writes its velocity to `out`.
  equations({ sigma, rho, beta }) {
    return (at, out) => {
      const x = at[0], y = at[1], z = at[2];
      out[0] = sigma * (y - x);
      out[1] = x * (rho - z) - y;
      out[2] = x * y - beta * z;
    };
  },

  // Steps of the classic fourth-order Runge-Kutta method for every state of a flat array, in place.
  advance(field, states, dt, steps = 1, size = 3) {
    const [at, k1, k2, k3, k4] = Array.from({ length: 5 }, () => new Float64Array(size));
    for (let i = 0; i < states.length; i += size)
      for (let step = 0; step < steps; step++) {
        for (let j = 0; j < size; j++) at[j] = states[i + j];
        field(at, k1);
        for (let j = 0; j < size; j++) at[j] = states[i + j] + (dt / 2) * k1[j];
        field(at, k2);
        for (let j = 0; j < size; j++) at[j] = states[i + j] + (dt / 2) * k2[j];
        field(at, k3);
        for (let j = 0; j < size; j++) at[j] = states[i + j] + dt * k3[j];
        field(at, k4);
        for (let j = 0; j < size; j++) states[i + j] += (dt / 6) * (k1[j] + 2 * k2[j] + 2 * k3[j] + k4[j]);
      }
  },

  // A quadratic field together with its derivative along tangent vectors, which follow the state in
  // `at`: (f(x + v) - f(x - v)) / 2 is J(x) v without an error where f is of second degree.
  withTangents(field) {
    const [to, forth, back] = [new Float64Array(3), new Float64Array(3), new Float64Array(3)];
    const beside = (at, j, sign, out) => {
      for (let i = 0; i < 3; i++) to[i] = at[i] + sign * at[j + i];
      field(to, out);
    };
    return (at, out) => {
      field(at, out);
      for (let j = 3; j < at.length; j += 3) {
        beside(at, j, 1, forth);
        beside(at, j, -1, back);
        for (let i = 0; i < 3; i++) out[j + i] = (forth[i] - back[i]) / 2;
      }
    };
  },

  step(state, dt, parameters = Lorenz.standard) {
    return Lorenz.flow(state, dt, parameters, dt);
  },

  // The flow over a time dt, in steps of at most `longest`.
  flow(state, dt, parameters = Lorenz.standard, longest = 0.001) {
    const steps = Math.ceil(dt / longest - 1e-9);
    const end = Float64Array.from(state);
    Lorenz.advance(Lorenz.equations(parameters), end, dt / steps, steps);
    return [...end];
  },

  distance(a, b) {
    return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
  },
};

const reducedMotion = window.matchMedia("(prefers-reduced-motion: reduce)");

function themeColours() {
  const style = getComputedStyle(document.documentElement);
  return {
    ink: style.getPropertyValue("--pst-color-text-base").trim(),
    quiet: style.getPropertyValue("--pst-color-text-muted").trim(),
    x: "#0072B2", y: "#D55E00", z: "#009E73", first: "#0072B2", second: "#E69F00",
    generated: "#CC79A7",
  };
}

// Colours between two or more, each given as red, green and blue, that are seen in both themes.
const SPECTRUM = [[0, 114, 178], [0, 158, 115], [230, 159, 0], [213, 94, 0]];
function ramp(count, stops = SPECTRUM) {
  return Array.from({ length: count }, (_, i) => {
    const at = (i / Math.max(1, count - 1)) * (stops.length - 1);
    const k = Math.min(stops.length - 2, Math.floor(at));
    const mixed = stops[k].map((from, j) => Math.round(from + (at - k) * (stops[k + 1][j] - from)));
    return `rgb(${mixed.join(" ")})`;
  });
}

// What the colours of a ramp mean: its ends with their values.
function colourBar(label, colours, low, high) {
  const bar = element("span", { class: "interactive-bar", style: `background: linear-gradient(to right, ${colours.join()})` });
  return element("p", { class: "interactive-help" }, `${label}: ${low} `, bar, ` ${high}`);
}

// Make an element: element("button", {type: "button"}, "text", child, ...)
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// A range with its name and its value: {row, input, set}. use(value) is told what the reader sets;
// say(value) is the value in words.
function slider({ id, name, low, high, by = 1, value, say = String, use }) {
  const input = element("input", { type: "range", min: low, max: high, step: by, id: `slider-${id}` });
  const shown = element("output", { for: input.id });
  const set = (number) => {
    input.value = number;
    shown.textContent = say(number);
    input.setAttribute("aria-valuetext", shown.textContent);
  };
  set(value);
  input.addEventListener("input", () => {
    set(Number(input.value));
    use(Number(input.value));
  });
  // The arrow keys set the value; the page's own would leave for the next page.
  input.addEventListener("keydown", (event) => event.stopPropagation());
  return { row: element("label", {}, element("span", {}, name), input, shown), input, set };
}

// One of a few, as radio buttons: {row, set}. options: {value: words}; use(value) is told the choice.
function choice({ id, name, options, use }) {
  const inputs = Object.keys(options).map((value) => {
    const input = element("input", { type: "radio", name: id, value, id: `${id}-${value}` });
    input.addEventListener("change", () => use(value));
    input.addEventListener("keydown", (event) => event.stopPropagation());
    return input;
  });
  const labels = inputs.map((input) => element("label", {}, input, element("span", {}, options[input.value])));
  return {
    row: element("fieldset", { class: "interactive-choice" }, element("legend", {}, name), ...labels),
    set: (value) => inputs.forEach((input) => (input.checked = input.value === value)),
  };
}

// A button that does something.
function button(words, act) {
  const made = element("button", { type: "button" }, words);
  made.addEventListener("click", act);
  return made;
}

// A button that runs and pauses tick(), once a frame while the place is in view. Where motion is not
// wanted nothing moves by itself, and each press calls leap().
function runner(place, words, tick, leap) {
  let [running, inView, frame] = [false, true, 0];
  const made = button("", () => (reducedMotion.matches ? leap() : set(!running)));
  const go = () => {
    if (inView) tick();
    if (running) frame = requestAnimationFrame(go);
  };
  function set(value) {
    running = value;
    made.textContent = running ? words["pause"] : words[reducedMotion.matches ? "ahead" : "run"];
    cancelAnimationFrame(frame);
    if (running) frame = requestAnimationFrame(go);
  }
  new IntersectionObserver(([entry]) => (inView = entry.isIntersecting)).observe(place);
  document.addEventListener("visibilitychange", () => document.hidden && running && set(false));
  return { button: made, set };
}

// A canvas with the sentence that says what it shows.
function captioned(sheet, words) {
  return element("div", {}, element("p", { class: "interactive-help" }, words), sheet.canvas);
}

// A canvas as wide as its place, sharp on every screen. draw(context, width, height) paints it.
class Sheet {
  constructor(label, ratio, draw) {
    this.ratio = ratio;
    this.draw = draw;
    this.canvas = element("canvas", { role: "img", "aria-label": label });
    new ResizeObserver(() => this.paint()).observe(this.canvas);
    new MutationObserver(() => this.paint()).observe(document.documentElement, {
      attributeFilter: ["data-theme"],
    });
  }

  paint() {
    const width = this.canvas.clientWidth;
    const height = Math.round(width * this.ratio);
    const scale = window.devicePixelRatio || 1;
    if (!width) return;
    this.canvas.style.height = `${height}px`;
    this.canvas.width = width * scale;
    this.canvas.height = height * scale;
    const context = this.canvas.getContext("2d");
    context.scale(scale, scale);
    this.draw(context, width, height);
  }
}

// Curves in space that one turns with the mouse, a finger or the arrow keys. curves(): a list of
// {points, colour, width, end}: a line with its last point as "dot" or "ring", or "none";
// {points, colours}: a line with a colour for each segment;
// {states, groups, palette, side}: the points of a flat array, each in the colour of its group.
// reach: half the width that is shown, if it does not follow the points; turns: views that turn together.
class View extends Sheet {
  constructor(label, curves, { reach = 0, turns = [], ratio = 0.8 } = {}) {
    super(label, ratio, (context, width, height) => this.drawCurves(context, width, height));
    Object.assign(this, { curves, reach, turns, azimuth: -0.9, elevation: 0.25 });
    turns.push(this);
    this.canvas.tabIndex = 0;
    this.canvas.style.touchAction = "pan-y";
    this.canvas.addEventListener("pointermove", (event) => {
      if (!event.buttons) return;
      this.turn(event.movementX * 0.01, event.movementY * 0.01);
    });
    this.canvas.addEventListener("keydown", (event) => {
      const turns = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, -0.1], ArrowDown: [0, 0.1] };
      if (!turns[event.key]) return;
      event.preventDefault();
      event.stopPropagation(); // else the page's own arrow keys leave for the next page
      this.turn(...turns[event.key]);
    });
  }

  turn(around, up) {
    for (const view of this.turns) {
      view.azimuth += around;
      view.elevation = Math.max(-1.5, Math.min(1.5, view.elevation + up));
      view.paint();
    }
  }

  // How much is shown around the axis of z, and the height that is in the middle.
  frame(curves) {
    let [size, middle] = [30, 25];
    if (this.reach) return [this.reach, middle];
    for (const { points = [] } of curves)
      for (let i = 0; i < points.length; i += 7) {
        size = Math.max(size, Math.abs(points[i][0]), Math.abs(points[i][1]), points[i][2] / 2);
        middle = Math.max(middle, points[i][2] / 2);
      }
    return [size, middle];
  }

  drawCurves(context, width, height) {
    const curves = this.curves();
    const [size, middle] = this.frame(curves);
    const scale = (0.42 * Math.min(width, height * 1.2)) / size;
    const [ca, sa, ce, se] = [Math.cos(this.azimuth), Math.sin(this.azimuth), Math.cos(this.elevation), Math.sin(this.elevation)];
    const across = (x, y) => width / 2 + scale * (ca * x - sa * y);
    const down = (x, y, z) => height / 2 - scale * (ce * (z - middle) + se * (sa * x + ca * y));
    const place = ([x, y, z]) => [across(x, y), down(x, y, z)];
    this.drawAxes(context, place, size);
    for (const curve of curves) {
      if (curve.states) {
        const { states, groups, palette, side = width < 500 ? 1.2 : 1.6 } = curve;
        palette.forEach((colour, group) => {
          context.fillStyle = colour;
          for (let i = 0, j = 0; i < groups.length; i++, j += 3)
            if (groups[i] === group)
              context.fillRect(across(states[j], states[j + 1]), down(states[j], states[j + 1], states[j + 2]), side, side);
        });
      } else if (curve.points.length) this.drawLine(context, place, curve);
    }
  }

  drawAxes(context, place, size) {
    const colours = themeColours();
    context.font = "13px system-ui, sans-serif";
    const length = size * 0.3;
    const corner = [-size * 0.5, -size * 0.5, 0];
    context.lineWidth = 1;
    ["x", "y", "z"].forEach((name, i) => {
      const end = [...corner];
      end[i] += length;
      context.strokeStyle = context.fillStyle = colours[name];
      context.beginPath();
      context.moveTo(...place(corner));
      context.lineTo(...place(end));
      context.stroke();
      end[i] += size * 0.08;
      context.fillText(name, ...place(end));
    });
  }

  drawLine(context, place, { points, colour, colours, width = 1, opacity = 0.75, end = "dot" }) {
    context.lineWidth = width;
    context.lineJoin = "round";
    context.globalAlpha = opacity;
    for (let i = 1; i < points.length; ) {
      const own = colours ? colours[i - 1] : colour;
      context.strokeStyle = context.fillStyle = own;
      context.beginPath();
      context.moveTo(...place(points[i - 1]));
      do context.lineTo(...place(points[i++]));
      while (i < points.length && (!colours || colours[i - 1] === own));
      context.stroke();
    }
    context.globalAlpha = 1;
    if (end === "none") return;
    context.beginPath();
    context.arc(...place(points[points.length - 1]), end === "ring" ? 6 : 3.5, 0, 2 * Math.PI);
    context.fillStyle = context.strokeStyle = colour;
    context.lineWidth = 2;
    if (end === "ring") context.stroke();
    else context.fill();
  }
}

// Lines over time. content(): {lines: [{values, colour, name}], start, dt, low, high, ticks: [[value, text]],
// time, guides: [{from, to, name}], dashed straight lines from the first time to the last}
class Graph extends Sheet {
  constructor(label, ratio, content) {
    super(label, ratio, (context, width, height) => this.drawLines(context, width, height));
    this.content = content;
  }

  drawLines(context, width, height) {
    const { lines, start, dt, low, high, ticks, time, guides = [] } = this.content();
    const [left, bottom, top] = [48, 34, 8];
    const longest = Math.max(2, ...lines.map((line) => line.values.length));
    const across = (i) => left + ((width - left - 8) * i) / (longest - 1);
    const up = (value) => top + ((height - top - bottom) * (high - value)) / (high - low);
    const colours = themeColours();
    context.font = "12px system-ui, sans-serif";
    context.fillStyle = colours.ink;
    context.strokeStyle = colours.quiet;
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (const [value, text] of ticks) {
      context.fillText(text, left - 6, up(value));
      context.globalAlpha = 0.3;
      context.beginPath();
      context.moveTo(left, up(value));
      context.lineTo(width - 8, up(value));
      context.stroke();
      context.globalAlpha = 1;
    }
    context.textBaseline = "top";
    context.textAlign = "left";
    context.fillText(start.toFixed(0), left, height - bottom + 4);
    context.textAlign = "right";
    context.fillText((start + longest * dt).toFixed(0), width - 8, height - bottom + 4);
    context.textAlign = "center";
    context.fillText(time, (left + width) / 2, height - bottom + 16);
    context.save();
    context.beginPath();
    context.rect(left, top, width - left - 8, height - top - bottom);
    context.clip();
    context.setLineDash([6, 4]);
    context.textBaseline = "bottom";
    for (const { from, to, name } of guides) {
      context.strokeStyle = context.fillStyle = colours.quiet;
      context.beginPath();
      context.moveTo(left, up(from));
      context.lineTo(width - 8, up(to));
      context.stroke();
      const share = Math.min(0.85, from === to ? 0.85 : 0.8 * Math.abs((high - from) / (to - from)));
      context.fillText(name, left + share * (width - left - 8), up(from + share * (to - from)) - 3);
    }
    context.restore();
    context.textBaseline = "top";
    context.lineWidth = 1.4;
    lines.forEach(({ values, colour, name = "" }, number) => {
      context.strokeStyle = context.fillStyle = colour;
      context.fillText(name, left + 14 + 18 * number, top);
      context.beginPath();
      values.forEach((value, i) => {
        const y = up(Math.max(low, Math.min(high, value)));
        if (i) context.lineTo(across(i), y);
        else context.moveTo(across(i), y);
      });
      context.stroke();
    });
  }
}

// One number of standard normal noise.
function gaussian() {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
}
