"use strict";
(function () {
  const data = JSON.parse(document.getElementById("data").textContent);
  const p = data.packets, count = p.t.length, losses = data.losses;
  const end = Math.max(data.end || 0, 1);
  const view = { from: 0, to: end };
  const players = Array.from(document.querySelectorAll("audio"));
  const about = document.getElementById("about");
  const byIndex = new Map(p.index.map((index, place) => [index, place]));
  const LEFT = 44;
  let chosen = null, playhead = null;

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name);
  const duration = (i) => p.ms[i] || (i + 1 < count ? Math.min(p.t[i + 1] - p.t[i], 20 * p.lost[i]) : 20);

  /* One chart: its canvas, how it is drawn, and what stands at its left edge. */
  function chart(canvas, draw, ticks) {
    return { canvas, draw, ticks, height: Number(canvas.getAttribute("height")) };
  }
  function paint(one) {
    const ratio = window.devicePixelRatio || 1, width = one.canvas.clientWidth, height = one.height;
    if (!width) return;
    one.canvas.style.height = height + "px";
    one.canvas.width = width * ratio; one.canvas.height = height * ratio;
    const g = one.canvas.getContext("2d");
    g.scale(ratio, ratio);
    const box = { left: LEFT, right: width - 2, top: 4, bottom: height - 17 };
    const x = (t) => box.left + (t - view.from) / (view.to - view.from) * (box.right - box.left);
    g.font = "11px system-ui, sans-serif"; g.textBaseline = "middle"; g.fillStyle = colour("soft");
    g.strokeStyle = colour("line"); g.lineWidth = 1;
    g.strokeRect(box.left - 0.5, box.top - 0.5, box.right - box.left + 1, box.bottom - box.top + 1);
    g.textAlign = "right";
    for (const [share, text] of one.ticks()) g.fillText(text, box.left - 5, box.bottom - share * (box.bottom - box.top));
    timeTicks(g, box, x);
    g.save();
    g.beginPath(); g.rect(box.left, 0, box.right - box.left, height); g.clip();
    one.draw(g, box, x);
    if (playhead !== null) {
      g.fillStyle = colour("mark"); g.fillRect(x(playhead) - 0.75, box.top, 1.5, box.bottom - box.top);
    }
    g.restore();
  }
  function timeTicks(g, box, x) {
    const span = view.to - view.from, most = Math.max(2, Math.floor((box.right - box.left) / 70));
    const step = [10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 30000, 60000, 120000, 300000]
      .find((s) => span / s <= most) || 600000;
    g.textAlign = "center";
    for (let t = Math.ceil(view.from / step) * step; t <= view.to; t += step) {
      const at = x(t);
      if (at > box.left + 8 && at < box.right - 16) g.fillText((t / 1000).toFixed(step < 100 ? 2 : step < 1000 ? 1 : 0) + " s", at, box.bottom + 10);
    }
  }
  function visible(draw) {
    for (let i = 0; i < count; i++) {
      if (p.t[i] + duration(i) >= view.from && p.t[i] <= view.to) draw(i);
    }
  }
  const wide = (x, i) => Math.max(1, x(p.t[i] + duration(i)) - x(p.t[i]) - 0.5);

  function drawPackets(g, box, x) {
    const top = box.bottom - 30;
    visible((i) => {
      g.fillStyle = colour(p.lost[i] ? "lost" : p.chunks[i] === null ? "plain" : "dred");
      g.globalAlpha = chosen === i ? 1 : 0.85;
      g.fillRect(x(p.t[i]), top, wide(x, i), 30);
      if (p.lbrr[i]) { g.fillStyle = colour("lbrr"); g.fillRect(x(p.t[i]), box.bottom - 5, wide(x, i), 5); }
      if (p.wrong[i]) { g.fillStyle = colour("mark"); g.fillRect(x(p.t[i]), top, wide(x, i), 4); }
    });
    g.globalAlpha = 1;
    for (const loss of losses) {
      if (loss.t > view.to || loss.t + loss.ms < view.from - 2000) continue;
      g.fillStyle = colour(loss.none ? "lost" : "covered");
      g.globalAlpha = 0.3;
      g.fillRect(x(loss.t), box.top + 8, Math.max(2, x(loss.t + loss.ms) - x(loss.t)), top - box.top - 8);
      g.globalAlpha = 1;
      g.strokeStyle = colour("covered"); g.lineWidth = 1.2;
      for (const source of loss.sources) {
        const i = byIndex.get(source);
        if (i === undefined) continue;
        const a = x(loss.t + loss.ms / 2), b = x(p.t[i] + duration(i) / 2), y = top - 3;
        g.beginPath(); g.moveTo(b, y);
        g.bezierCurveTo(b, box.top - 6, a, box.top - 6, a, y - 12);
        g.stroke();
        g.beginPath(); g.moveTo(a - 3, y - 17); g.lineTo(a + 3, y - 17); g.lineTo(a, y - 10); g.closePath();
        g.fillStyle = colour("covered"); g.fill();
      }
    }
    if (chosen !== null && p.reach[chosen] !== null) {
      const from = x(p.t[chosen] - p.reach[chosen]), to = x(p.t[chosen] + p.offset[chosen]);
      g.strokeStyle = colour("mark"); g.lineWidth = 2;
      g.strokeRect(from, top - 2, Math.max(2, to - from), 34);
    }
  }
  const largest = (values) => values.reduce((most, value) => Math.max(most, value || 0), 0) || 1;
  const tops = { reach: largest(p.reach), bytes: largest(p.bytes) };

  function drawReach(g, box, x) {
    const y = (v) => box.bottom - v / tops.reach * (box.bottom - box.top - 4);
    g.fillStyle = colour("dred");
    visible((i) => { if (p.reach[i] !== null) g.fillRect(x(p.t[i]), y(p.reach[i]), wide(x, i), box.bottom - y(p.reach[i])); });
  }
  function drawBytes(g, box, x) {
    const scale = (box.bottom - box.top - 4) / tops.bytes;
    visible((i) => {
      g.fillStyle = colour("plain"); g.fillRect(x(p.t[i]), box.bottom - p.bytes[i] * scale, wide(x, i), p.bytes[i] * scale);
      const dred = (p.bits[i] || 0) / 8;
      g.fillStyle = colour("dred"); g.fillRect(x(p.t[i]), box.bottom - dred * scale, wide(x, i), dred * scale);
    });
  }
  function drawLevels(g, box, x) {
    const y = (level) => box.bottom - (level + 0.5) / 16 * (box.bottom - box.top);
    g.fillStyle = colour("dred");
    visible((i) => {
      if (p.low[i] === null) return;
      const a = y(Math.max(p.low[i], p.high[i])), b = y(Math.min(p.low[i], p.high[i]));
      g.globalAlpha = 0.45; g.fillRect(x(p.t[i]), a, wide(x, i), Math.max(1, b - a));
      g.globalAlpha = 1; g.fillRect(x(p.t[i]), y(p.low[i]) - 1, wide(x, i), 2.5);
    });
  }
  function drawSpectrogram(image, known) {
    return (g, box, x) => {
      if (!image.naturalWidth) return;
      g.imageSmoothingEnabled = false;
      g.drawImage(image, x(data.sound), box.top, x(data.sound + known.ms) - x(data.sound), box.bottom - box.top);
    };
  }

  const by = (id) => document.getElementById(id);
  const upTo = (top, unit) => () => [[0, "0"], [0.97, Math.round(top) + unit]];
  const charts = [
    chart(by("packets"), drawPackets, () => []),
    chart(by("reach"), drawReach, upTo(tops.reach, "")),
    chart(by("bytes"), drawBytes, upTo(tops.bytes, "")),
    chart(by("levels"), drawLevels, () => [[0.03, "0"], [0.5, "8"], [0.97, "15"]]),
  ];
  document.querySelectorAll(".spectrogram").forEach((canvas, place) => {
    const image = canvas.parentNode.querySelector("img.source");
    charts.push(chart(canvas, drawSpectrogram(image, data.spectrograms[place]), () => [[0, "0"], [0.5, "4"], [0.95, "8 kHz"]]));
    if (!image.complete) image.addEventListener("load", redraw);
  });

  let asked = false;
  function redraw() {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      charts.forEach(paint);
      by("span").textContent = (view.from / 1000).toFixed(2) + " to " + (view.to / 1000).toFixed(2) + " s";
    });
  }
  function show(from, to) {
    const span = Math.min(end, Math.max(100, to - from));
    view.from = Math.min(Math.max(0, from), end - span); view.to = view.from + span;
    redraw();
  }
  function zoom(factor) {
    const span = (view.to - view.from) * factor;
    const middle = chosen !== null ? p.t[chosen] : (view.from + view.to) / 2;
    show(middle - span / 2, middle + span / 2);
  }
  function tell(i) {
    chosen = i;
    const parts = ["packet " + p.index[i]];
    if (p.seq[i] !== null) parts.push("sequence number " + p.seq[i]);
    parts.push((p.t[i] / 1000).toFixed(3) + " s");
    if (p.lost[i]) parts.push(p.lost[i] > 1 ? p.lost[i] + " packets lost" : "lost");
    else {
      parts.push(p.bytes[i] + " bytes", p.mode[i] || "malformed");
      if (p.lbrr[i]) parts.push("LBRR");
      if (p.chunks[i] === null) parts.push("no DRED: " + p.absence[i]);
      else parts.push(p.chunks[i] + " chunks reach back " + p.reach[i] + " ms", "levels " + p.low[i] + " to " + p.high[i], Math.round(p.bits[i]) + " bits");
    }
    if (p.wrong[i]) parts.push("breaks " + p.wrong[i]);
    about.textContent = parts.join(" · ");
    redraw();
  }
  function timeAt(event, canvas) {
    const box = canvas.getBoundingClientRect();
    const share = (event.clientX - box.left - LEFT) / (box.width - LEFT - 2);
    return view.from + Math.min(1, Math.max(0, share)) * (view.to - view.from);
  }
  function packetAt(t) {
    let low = 0, high = count - 1;
    while (low < high) { const middle = (low + high + 1) >> 1; if (p.t[middle] <= t) low = middle; else high = middle - 1; }
    return low;
  }
  function seek(t) {
    for (const player of players) player.currentTime = Math.max(0, (t - data.sound) / 1000);
    playhead = t;
  }
  for (const { canvas } of charts) {
    let drag = null;
    canvas.addEventListener("pointerdown", (event) => {
      drag = { x: event.clientX, from: view.from, moved: false };
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (drag && Math.abs(event.clientX - drag.x) > 4) {
        drag.moved = true;
        const span = view.to - view.from, shift = (event.clientX - drag.x) / (canvas.clientWidth - LEFT) * span;
        show(drag.from - shift, drag.from - shift + span);
      } else if (!drag && count) tell(packetAt(timeAt(event, canvas)));
    });
    canvas.addEventListener("pointerup", (event) => {
      if (drag && !drag.moved && count) { tell(packetAt(timeAt(event, canvas))); seek(timeAt(event, canvas)); }
      drag = null;
    });
    canvas.addEventListener("pointercancel", () => { drag = null; });
    canvas.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.shiftKey) return;
      event.preventDefault();
      const t = timeAt(event, canvas), factor = event.deltaY > 0 ? 1.25 : 0.8;
      show(t - (t - view.from) * factor, t + (view.to - t) * factor);
    }, { passive: false });
  }
  by("packets").addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step || !count) return;
    event.preventDefault();
    tell(Math.min(count - 1, Math.max(0, (chosen === null ? -1 : chosen) + step)));
  });
  document.querySelectorAll("[data-zoom]").forEach((button) => button.addEventListener("click", () =>
    button.dataset.zoom === "all" ? show(0, end) : zoom(Number(button.dataset.zoom))));
  document.querySelectorAll("[data-move]").forEach((button) => button.addEventListener("click", () => {
    const shift = Number(button.dataset.move) * (view.to - view.from);
    show(view.from + shift, view.to + shift);
  }));
  document.querySelectorAll("#losses tbody tr").forEach((row, place) => row.addEventListener("click", () => {
    const loss = losses[place];
    show(loss.t - 400, loss.t + loss.ms + 600); seek(loss.t - 300);
    by("packets").scrollIntoView({ block: "center" });
  }));
  players.forEach((player) => {
    player.addEventListener("timeupdate", () => { if (!player.paused) { playhead = data.sound + 1000 * player.currentTime; redraw(); } });
  });
  window.addEventListener("resize", redraw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  show(0, end);
  document.documentElement.dataset.ready = "yes";
})();
