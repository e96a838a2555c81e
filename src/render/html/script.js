"use strict";
(() => {
  const one = (selector) => document.querySelector(selector);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const json = (id) => JSON.parse(one(id).textContent);
  all(".js").forEach((element) => (element.hidden = false));
  all(".js-off").forEach((element) => (element.hidden = true));

  let parsed;
  const report = () => (parsed ??= json("#report"));

  one("#save")?.addEventListener("click", () => {
    const link = Object.assign(document.createElement("a"), { download: "report.json" });
    link.href = URL.createObjectURL(new Blob([one("#report").textContent], { type: "application/json" }));
    link.click();
  });

  // A link to an incident in the folded list opens the list.
  const unfold = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const folded = target && target.closest("details");
    if (folded) {
      folded.open = true;
      target.scrollIntoView({ block: "center" });
    }
  };
  addEventListener("hashchange", unfold);
  unfold();

  const filter = one("#filter");
  filter?.addEventListener("input", () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const rows = all("#all tbody tr");
    rows.forEach((row) => (row.hidden = !words.every((word) => row.textContent.toLowerCase().includes(word))));
    one("#filtered").textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length}`;
  });

  const scroll = one("#timeline .scroll");
  if (!scroll) return;
  const plane = one("#timeline .plane");
  const view = json("#view");
  const numbers = one(".lane.l-num");
  const axis = one(".lane.l-axis");
  const grid = one(".grid");
  const STEPS = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800,
  ];
  const DAY = 86400;
  let zoom = 1;
  let current = -1;

  const percent = (share) => `${share * 100}%`;
  const element = (name, properties, left) => {
    const made = Object.assign(document.createElement(name), properties);
    made.style.left = percent(left);
    return made;
  };

  const label = (unix, step) => {
    const text = new Date(unix * 1000).toISOString();
    if (unix % DAY === 0) return text.slice(5, 10);
    return step < 60 ? text.slice(11, 19) : text.slice(11, 16);
  };

  // Only what is near the visible part: a fortnight has a million seconds.
  const ticks = () => {
    const width = plane.clientWidth;
    const seen = view.length / zoom;
    const room = Math.max(3, scroll.clientWidth / 90);
    const step = STEPS.find((step) => seen / step <= room) ?? Math.ceil(seen / room / DAY) * DAY;
    const [low, high] = [scroll.scrollLeft / width - 1 / zoom, (scroll.scrollLeft + scroll.clientWidth) / width + 1 / zoom];
    const labels = [];
    const lines = [...grid.querySelectorAll(".run")];
    for (const [start, offset, length] of view.runs) {
      const from = Math.max(start, start + low * view.length - offset);
      const to = Math.min(start + length, start + high * view.length - offset);
      for (let tick = Math.ceil(from / step) * step; tick < to; tick += step) {
        const place = (offset + tick - start) / view.length;
        const inside = Math.min(place, 1 - place) * width > 28;
        if (inside) labels.push(element("span", { textContent: label(tick, step) }, place));
        lines.push(element("i", {}, place));
      }
    }
    axis.replaceChildren(...labels);
    axis.classList.add("drawn");
    grid.replaceChildren(...lines);
  };

  const marks = () => {
    const apart = 27 / plane.clientWidth;
    const made = [];
    for (let index = 0; index < view.incidents.length; ) {
      const [place, number, id, family] = view.incidents[index];
      let next = index + 1;
      while (next < view.incidents.length && view.incidents[next][0] - place < apart) next += 1;
      const count = next - index;
      const middle = (place + view.incidents[next - 1][0]) / 2;
      const mark = element("a", { className: `num ${count === 1 ? family : "many"}`, href: `#${id}` }, middle);
      mark.style.left = `clamp(15px, ${percent(middle)}, 100% - 15px)`;
      mark.textContent = count === 1 ? number : `${count}×`;
      mark.setAttribute("aria-label", count === 1 ? `incident ${number}` : `${count} incidents`);
      made.push(mark);
      index = next;
    }
    numbers?.replaceChildren(...made);
  };

  let due;
  const redraw = () => {
    cancelAnimationFrame(due);
    due = requestAnimationFrame(ticks);
  };

  // `at` is the share of the axis that stays where it is, `x` its place in the visible part.
  const setZoom = (value, at, x) => {
    const width = scroll.clientWidth;
    const most = Math.max(1, Math.min(400, view.length / 5));
    zoom = Math.min(most, Math.max(1, value));
    plane.style.setProperty("--zoom", zoom);
    scroll.scrollLeft = at * width * zoom - x;
    marks();
    redraw();
  };
  const center = () => (scroll.scrollLeft + scroll.clientWidth / 2) / plane.clientWidth;
  const by = (factor) => setZoom(factor === 0 ? 1 : zoom * factor, center(), scroll.clientWidth / 2);

  const step = (direction) => {
    if (!view.incidents.length) return;
    current = (current + direction + view.incidents.length) % view.incidents.length;
    const [place, , id] = view.incidents[current];
    setZoom(Math.max(zoom, Math.min(view.length / 60, 400)), place, scroll.clientWidth / 2);
    readout.textContent = about(place, id);
  };

  all("[data-zoom]").forEach((button) => button.addEventListener("click", () => by(Number(button.dataset.zoom))));
  all("[data-step]").forEach((button) => button.addEventListener("click", () => step(Number(button.dataset.step))));

  scroll.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    const x = event.clientX - scroll.getBoundingClientRect().left;
    setZoom(zoom * Math.exp(-event.deltaY / 200), (scroll.scrollLeft + x) / plane.clientWidth, x);
  }, { passive: false });

  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|TEXTAREA)$/.test(event.target.tagName)) return;
    const keys = { "+": () => by(2), "=": () => by(2), "-": () => by(0.5), 0: () => by(0), n: () => step(1), p: () => step(-1) };
    keys[event.key]?.();
  });
  scroll.addEventListener("scroll", redraw);
  addEventListener("resize", () => {
    marks();
    redraw();
  });

  // The line above the chart.
  const readout = one("#readout");
  const duration = (seconds) => {
    if (seconds === null || seconds === undefined) return "–";
    const [unit, factor] = seconds >= 1 ? ["s", 1] : seconds >= 1e-3 ? ["ms", 1e3] : ["µs", 1e6];
    return `${Number((seconds * factor).toPrecision(3))} ${unit}`;
  };
  const begins = () => {
    const rows = report().intervals;
    return rows.map((row) => {
      const [start, offset] = view.runs[row.run - 1];
      return offset + Date.parse(row.time) / 1000 - start;
    });
  };
  let starts;
  const row = (place) => {
    starts ??= begins();
    const seconds = place * view.length;
    let [low, high] = [0, starts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (starts[middle] <= seconds) low = middle + 1;
      else high = middle;
    }
    return report().intervals[low - 1];
  };
  const about = (place, id) => {
    const found = row(place);
    if (!found) return "";
    const parts = [
      `${found.time.slice(0, 19).replace("T", " ")} UTC`,
      `p50 ${duration(found.p50)}`,
      `p99 ${duration(found.p99)}`,
      `p99.9 ${duration(found.p999)}`,
      `max ${duration(found.max)}`,
      `${found.ok} answered`,
    ];
    if (found.failed + found.timed_out) parts.push(`${found.failed + found.timed_out} failed`);
    if (found.lost) parts.push(`${found.lost} lost`);
    if (found.down) parts.push(`down ${duration(found.down)}`);
    if (id) parts.unshift(`incident ${id}`);
    return parts.join(" · ");
  };
  plane.addEventListener("pointermove", (event) => {
    const box = plane.getBoundingClientRect();
    readout.textContent = about((event.clientX - box.left) / box.width);
  });

  marks();
  redraw();
})();
