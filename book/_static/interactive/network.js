// The trained SeriesGenerator of lorenz_utils/networks.py, in double precision, and the flow residual.
class SeriesGenerator {
  // What publishing/sphinx/interactive.py exports; the sizes of the layers and of the latent are read from it.
  constructor({ layers, latentDim, burnIn, mean, std, weights }) {
    const bytes = Uint8Array.from(atob(weights), (letter) => letter.charCodeAt(0));
    const numbers = Float64Array.from(new Float32Array(bytes.buffer));
    let from = 0;
    const take = (count) => numbers.subarray(from, (from += count));
    this.layers = layers.map(([rows, columns]) => ({ weight: take(rows * columns), bias: take(rows) }));
    Object.assign(this, { latentDim, burnIn, mean, std });
  }

  // The perceptron F, with SiLU between its layers.
  increment(input) {
    this.layers.forEach(({ weight, bias }, depth) => {
      const output = Float64Array.from(bias);
      for (let i = 0, k = 0; i < output.length; i++) {
        for (let j = 0; j < input.length; j++) output[i] += weight[k++] * input[j];
        if (depth < this.layers.length - 1) output[i] /= 1 + Math.exp(-output[i]);
      }
      input = output;
    });
    return input;
  }

  // x[t+1] = x[t] + F(x[t], z[t+1]), from x[0] = z[0]; without the burn-in, in physical units.
  seriesFrom(latent) {
    let state = latent[0];
    const series = [];
    for (let t = 0; t < latent.length; t++) {
      if (t > 0) {
        const step = this.increment([...state, ...latent[t].slice(0, this.latentDim)]);
        state = state.map((value, i) => value + step[i]);
      }
      if (t >= this.burnIn) series.push(state.map((value, i) => value * this.std[i] + this.mean[i]));
    }
    return series;
  }
}

// lorenz_utils.metrics.flow_residual: |(Phi(x_t) - x_{t+1}) / s| / sqrt(3) for each step.
function flowResidual(series, dt, std) {
  return series.slice(1).map((next, t) => {
    if (Math.hypot(...series[t]) > 300) return Infinity;
    const truth = Lorenz.flow(series[t], dt, Lorenz.standard, 0.0025);
    return Math.hypot(...truth.map((value, i) => (value - next[i]) / std[i])) / Math.sqrt(3);
  });
}
