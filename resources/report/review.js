"use strict";
/* A reviewer's page: what was fitted, with components to switch and models to compare. Every text
   of the data is set as text, never as markup. The functions without a document are tested alone. */

/** Sum of the background and of those components of a model that are switched on, point by point. */
function envelope(model, on) {
  return model.background.map((base, i) =>
    model.components.reduce((sum, c) => (on.has(c.label) ? sum + c.y[i] : sum), base));
}

/** Data minus curve, in standard deviations of the noise; in per cent of the signal without one. */
function residuals(region, model, curve) {
  const signal = Math.max(...region.y.map((y, i) => Math.abs(y - model.background[i]))) || 1;
  return region.y.map((y, i) => (region.sigma ? (y - curve[i]) / region.sigma[i] : (100 * (y - curve[i])) / signal));
}

/** Chi-square of a curve; null where the noise is not known. */
function chiSquare(region, curve) {
  if (!region.sigma) return null;
  return region.y.reduce((sum, y, i) => sum + ((y - curve[i]) / region.sigma[i]) ** 2, 0);
}

/** The model of a region by its number: 0 is the one that was fitted and drawn. */
function modelOf(sample, region, number) {
  const other = number > 0 ? sample.models[number - 1].regions[region.name] : null;
  return other || region.model;
}

/** Round numbers between two ends, at most `most` of them. */
function ticks(low, high, most) {
  const raw = (high - low) / most, power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((f) => f * power).find((s) => s >= raw);
  const found = [];
  for (let k = Math.ceil(low / step); k * step <= high + 1e-9 * step; k++) found.push(Number((k * step).toPrecision(12)));
  return found;
}

/** A number with few digits. */
function short(value, digits) {
  return value === null || value === undefined || !Number.isFinite(value) ? "–" : String(Number(value.toPrecision(digits)));
}

if (typeof module !== "undefined") module.exports = { envelope, residuals, chiSquare, modelOf, ticks, short };
if (typeof document !== "undefined") start(JSON.parse(document.getElementById("data").textContent));

/* ---------------------------------------------------------------------------------------------- */

function start(data) {
  const state = { sample: 0, model: 0, off: new Set(), beside: true };
  const tabs = document.getElementById("samples"), page = document.getElementById("page");

  function el(name, text, attributes, ...children) {
    const made = document.createElement(name);
    if (text !== null && text !== undefined) made.textContent = text;
    for (const [key, value] of Object.entries(attributes || {})) {
      if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
      else if (value === true) made.setAttribute(key, "");
      else if (value !== false && value !== null) made.setAttribute(key, value);
    }
    made.append(...children);
    return made;
  }
  function svg(name, attributes, text) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return made;
  }
  function table(heads, rows) {
    const body = el("tbody", null, {}), top = el("tr", null, {});
    heads.forEach(([text, number]) => top.append(el("th", text, { class: number ? "number" : "" })));
    rows.forEach((row) => {
      const line = el("tr", null, { class: row.kind || "" });
      row.cells.forEach((cell, i) => line.append(
        cell instanceof Node ? el("td", null, {}, cell) : el("td", cell, { class: heads[i][1] ? "number" : "" })));
      body.append(line);
    });
    return el("table", null, {}, el("thead", null, {}, top), body);
  }
  const keyOf = (region, label) => region.name + "\n" + label;
  const onIn = (region, model) =>
    new Set(model.components.map((c) => c.label).filter((label) => !state.off.has(keyOf(region, label))));

  function drawTabs() {
    tabs.replaceChildren(...data.samples.map((sample, i) => el("button", sample.letter + "  " + sample.title, {
      role: "tab", type: "button", title: sample.title, "aria-selected": i === state.sample ? "true" : "false",
      onclick: () => { Object.assign(state, { sample: i, model: 0, off: new Set() }); draw(); },
    })));
  }

  function plot(sample, region) {
    const W = 640, H = 300, R = 78, left = 72, right = 10, top = 16, bottom = 40;
    const model = modelOf(sample, region, state.model), on = onIn(region, model), x = region.x;
    const curve = envelope(model, on), rest = residuals(region, model, curve);
    const low = Math.min(...region.y, ...model.background), high = Math.max(...region.y, ...curve, ...envelope(region.model, new Set(region.model.components.map((c) => c.label))));
    const first = Math.min(...x), last = Math.max(...x), pad = 0.04 * (high - low || 1);
    const px = (v) => left + (W - left - right) * ((region.falls ? last - v : v - first) / (last - first || 1));
    const py = (v) => top + (H - top) * (1 - (v - low + pad) / (high - low + 2 * pad || 1));
    const path = (ys) => ys.map((y, i) => (i ? "L" : "M") + px(x[i]).toFixed(1) + " " + py(y).toFixed(1)).join("");
    const made = svg("svg", { viewBox: `0 0 ${W} ${H + R + bottom}`, role: "img", "aria-label": `${region.name}, ${sample.title}`, "font-size": "12", "font-family": "inherit" });
    model.components.forEach((c) => {
      if (!on.has(c.label)) return;
      const upper = c.y.map((y, i) => y + model.background[i]);
      made.append(svg("path", { d: path(upper) + model.background.map((b, i) => { const k = x.length - 1 - i; return "L" + px(x[k]).toFixed(1) + " " + py(model.background[k]).toFixed(1); }).join("") + "Z", fill: c.colour, "fill-opacity": "0.28", stroke: "none" }));
      made.append(svg("path", { d: path(upper), fill: "none", stroke: c.colour, "stroke-width": "1.3" }));
    });
    made.append(svg("path", { d: path(model.background), fill: "none", stroke: "#8a8a8a", "stroke-dasharray": "5 3" }));
    if (state.model > 0 && state.beside) {
      const all = new Set(region.model.components.map((c) => c.label));
      made.append(svg("path", { d: path(envelope(region.model, all)), fill: "none", stroke: "#b2182b", "stroke-width": "1.2", "stroke-dasharray": "4 3" }));
    }
    x.forEach((v, i) => made.append(svg("circle", { cx: px(v).toFixed(1), cy: py(region.y[i]).toFixed(1), r: "2", fill: "#fff", stroke: "#1a1a1a", "stroke-width": "0.8" })));
    made.append(svg("path", { d: path(curve), fill: "none", stroke: "#1a1a1a", "stroke-width": "1.6" }));
    axes(made);
    sticks(made);
    const readout = el("p", "", { class: "readout" });
    tell();
    made.addEventListener("mousemove", (event) => {
      const box = made.getBoundingClientRect(), at = ((event.clientX - box.left) / box.width) * W;
      let near = 0;
      x.forEach((v, i) => { if (Math.abs(px(v) - at) < Math.abs(px(x[near]) - at)) near = i; });
      tell(near);
    });
    made.addEventListener("mouseleave", () => tell());

    function axes(into) {
      into.append(svg("line", { x1: left, x2: left, y1: py(high), y2: py(low), stroke: "#1a1a1a" }));
      [low, high].forEach((v) => into.append(svg("text", { x: left - 5, y: py(v) + 4, "text-anchor": "end", fill: "#5a5a5a" }, short(v, v >= 1000 ? 5 : 3))));
      const y = H + R + 4;
      into.append(svg("line", { x1: left, x2: W - right, y1: y, y2: y, stroke: "#1a1a1a" }));
      ticks(first, last, 9).forEach((v) => {
        into.append(svg("line", { x1: px(v), x2: px(v), y1: y, y2: y + 4, stroke: "#1a1a1a" }));
        into.append(svg("text", { x: px(v), y: y + 16, "text-anchor": "middle", fill: "#5a5a5a" }, String(v)));
      });
      into.append(svg("text", { x: (left + W - right) / 2, y: y + 29, "text-anchor": "middle", fill: "#5a5a5a" }, region.axis));
    }
    function sticks(into) {
      const reach = Math.max(region.sigma ? 4 : 1e-9, ...rest.map(Math.abs)), middle = H + 12 + (R - 12) / 2, half = (R - 16) / 2;
      const at = (v) => middle - (half * v) / reach;
      if (region.sigma) into.append(svg("rect", { x: left, width: W - left - right, y: at(3), height: at(-3) - at(3), fill: "#f0f0f0" }));
      into.append(svg("line", { x1: left, x2: W - right, y1: middle, y2: middle, stroke: "#8a8a8a", "stroke-width": "0.6" }));
      rest.forEach((v, i) => into.append(svg("line", { x1: px(x[i]), x2: px(x[i]), y1: middle, y2: at(v).toFixed(1), stroke: "#1a1a1a", "stroke-width": "1" })));
      into.append(svg("text", { x: left - 5, y: middle + 4, "text-anchor": "end", fill: "#5a5a5a" }, region.sigma ? "residual, σ" : "residual, %"));
    }
    function tell(near) {
      const chi = chiSquare(region, curve), whole = on.size === model.components.length;
      const size = chi === null ? "" : `χ² ${short(chi, 4)} of ${x.length} points`;
      const what = whole ? (state.model ? "this model" : "as fitted") : `without ${model.components.length - on.size} component${model.components.length - on.size > 1 ? "s" : ""}, nothing refitted`;
      readout.textContent = near === undefined ? [size, what].filter(Boolean).join(", ")
        : `${short(x[near], 6)} ${region.unit}: data ${short(region.y[near], 5)}, curve ${short(curve[near], 5)}, residual ${short(rest[near], 2)} ${region.sigma ? "σ" : "%"}`;
    }
    return el("div", null, { class: "plot" }, el("h3", region.name), made, readout);
  }

  function components(sample) {
    const parts = [el("h2", "Components")];
    sample.regions.forEach((region) => {
      const model = modelOf(sample, region, state.model);
      const rows = model.components.map((c) => {
        const key = keyOf(region, c.label);
        const box = el("input", null, { type: "checkbox", checked: !state.off.has(key), onchange: () => { state.off.has(key) ? state.off.delete(key) : state.off.add(key); draw(); } });
        const name = el("label", null, {}, box, el("span", null, { class: "swatch", style: "background:" + c.colour }), document.createTextNode(c.label));
        return { cells: [name, c.position, c.fwhm, c.area] };
      });
      const all = (off) => () => { model.components.forEach((c) => (off ? state.off.add(keyOf(region, c.label)) : state.off.delete(keyOf(region, c.label)))); draw(); };
      parts.push(el("div", null, { class: "switches" }, el("span", region.name), el("button", "all", { type: "button", onclick: all(false) }), el("button", "none", { type: "button", onclick: all(true) })));
      parts.push(table([["on", false], ["position, " + region.unit, true], ["FWHM", true], ["area", true]], rows));
    });
    return parts;
  }

  function models(sample) {
    const parts = [];
    sample.ratios.forEach((ratio) => {
      parts.push(el("h2", ratio.name + ": " + ratio.text), el("p", ratio.interval, { class: "quiet" }));
      if (!ratio.variants.length) return;
      const rows = ratio.variants.map((v) => {
        const number = v.drawn ? 0 : 1 + sample.models.findIndex((m) => m.name === v.name);
        let name = document.createTextNode(v.name);
        if (v.drawn || number > 0) {
          const pick = el("input", null, { type: "radio", name: "model-" + ratio.name, checked: state.model === number, onchange: () => { Object.assign(state, { model: number, off: new Set() }); draw(); } });
          name = el("label", null, {}, pick, document.createTextNode(" " + v.name));
        }
        return { kind: (v.accepted ? "" : "refused") + (v.drawn || number > 0 ? (state.model === number ? " shown" : "") : ""), cells: [name, v.delta, v.weight, v.ratio, v.accepted ? "" : v.reason] };
      });
      parts.push(table([["model", false], ["ΔBIC", true], ["weight", true], ["ratio", true], ["refused because", false]], rows));
    });
    if (sample.models.length) {
      const box = el("input", null, { type: "checkbox", checked: state.beside, onchange: (e) => { state.beside = e.target.checked; draw(); } });
      parts.push(el("label", null, { class: "quiet" }, box, document.createTextNode(" the model that is drawn beside it, dashed red")));
    } else if (sample.why) parts.push(el("p", sample.why, { class: "quiet" }));
    return parts;
  }

  function remarks(sample) {
    if (!sample.remarks.length) return [];
    const rows = sample.remarks.map((r) => ({ cells: [r.kind, r.where, r.text, r.advice] }));
    return [el("h2", "Remarks of the referee"), table([["kind", false], ["where", false], ["remark", false], ["what to do", false]], rows)];
  }

  function history(sample) {
    const list = (steps) => el("ol", null, {}, ...steps.map((text) => el("li", text)));
    const parts = [el("h2", "How it was made"), list(sample.history)];
    if (data.history.length) parts.push(el("details", null, {}, el("summary", `History of the work in the window (${data.history.length} steps)`), list(data.history)));
    parts.push(el("details", null, {}, el("summary", "Recipe"), el("pre", sample.recipe)));
    return parts;
  }

  function draw() {
    const focus = document.activeElement && document.activeElement.getAttribute ? [...page.querySelectorAll("input,button")].indexOf(document.activeElement) : -1;
    drawTabs();
    const sample = data.samples[state.sample];
    if (!sample) { page.replaceChildren(el("p", "Nothing was fitted.")); return; }
    const left = el("div", null, {}, el("p", sample.verdict, { class: "verdict" + (sample.refused ? " alarm" : "") }), ...sample.regions.map((region) => plot(sample, region)), ...history(sample));
    const right = el("div", null, {}, ...components(sample), ...models(sample), ...remarks(sample));
    page.replaceChildren(el("div", null, { class: "columns" }, left, right));
    if (focus >= 0) { const again = page.querySelectorAll("input,button")[focus]; if (again) again.focus(); }
  }
  draw();
}
