// The Lorenz system, one integrator, a view that turns, and a graph: shared by all interactive figures.
const Lorenz = {
  standard: { sigma: 10, rho: 28, beta: 8 / 3 },

  field([x, y, z], { sigma, rho, beta }) {
    return [sigma * (y - x), x * (rho - z) - y, x * y - beta * z];
  },

  // One step of the classic fourth-order Runge-Kutta method.
  step(state, dt, parameters = Lorenz.standard) {
    const move = (by, slope) => state.map((value, i) => value + by * slope[i]);
    const k1 = Lorenz.field(state, parameters);
    const k2 = Lorenz.field(move(dt / 2, k1), parameters);
    const k3 = Lorenz.field(move(dt / 2, k2), parameters);
    const k4 = Lorenz.field(move(dt, k3), parameters);
    return state.map((value, i) => value + (dt / 6) * (k1[i] + 2 * k2[i] + 2 * k3[i] + k4[i]));
  },

  // The flow over a time dt, in steps of at most `longest`.
  flow(state, dt, parameters = Lorenz.standard, longest = 0.001) {
    const steps = Math.ceil(dt / longest - 1e-9);
    for (let i = 0; i < steps; i++) state = Lorenz.step(state, dt / steps, parameters);
    return state;
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

// Make an element: element("button", {type: "button"}, "text", child, ...)
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
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

// Curves in space that one turns with the mouse, a finger or the arrow keys.
class View extends Sheet {
  constructor(label, curves) {
    super(label, 0.8, (context, width, height) => this.drawCurves(context, width, height));
    this.curves = curves; // a function: [{points, colour}]
    this.azimuth = -0.9;
    this.elevation = 0.25;
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
    this.azimuth += around;
    this.elevation = Math.max(-1.5, Math.min(1.5, this.elevation + up));
    this.paint();
  }

  drawCurves(context, width, height) {
    const curves = this.curves();
    let size = 30, middle = 25;
    for (const { points } of curves)
      for (let i = 0; i < points.length; i += 7) {
        size = Math.max(size, Math.abs(points[i][0]), Math.abs(points[i][1]), points[i][2] / 2);
        middle = Math.max(middle, points[i][2] / 2);
      }
    const scale = (0.42 * Math.min(width, height * 1.2)) / size;
    const [ca, sa, ce, se] = [Math.cos(this.azimuth), Math.sin(this.azimuth), Math.cos(this.elevation), Math.sin(this.elevation)];
    const place = ([x, y, z]) => {
      const right = ca * x - sa * y;
      const back = sa * x + ca * y;
      return [width / 2 + scale * right, height / 2 - scale * (ce * (z - middle) + se * back)];
    };
    const colours = themeColours();
    context.font = "13px system-ui, sans-serif";
    const length = size * 0.3;
    const corner = [-size * 0.5, -size * 0.5, 0];
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
    context.lineWidth = 1;
    for (const { points, colour } of curves) {
      if (!points.length) continue;
      context.strokeStyle = context.fillStyle = colour;
      context.globalAlpha = 0.75;
      context.beginPath();
      points.forEach((point, i) => (i ? context.lineTo(...place(point)) : context.moveTo(...place(point))));
      context.stroke();
      context.globalAlpha = 1;
      context.beginPath();
      context.arc(...place(points[points.length - 1]), 4, 0, 2 * Math.PI);
      context.fill();
    }
  }
}

// Lines over time. content(): {lines: [{values, colour, name}], start, dt, low, high, ticks: [[value, text]], time}
class Graph extends Sheet {
  constructor(label, ratio, content) {
    super(label, ratio, (context, width, height) => this.drawLines(context, width, height));
    this.content = content;
  }

  drawLines(context, width, height) {
    const { lines, start, dt, low, high, ticks, time } = this.content();
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
