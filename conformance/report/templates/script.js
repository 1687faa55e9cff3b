"use strict";
(function () {
  const root = document.documentElement;
  const theme = document.getElementById("theme");
  if (theme) {
    theme.addEventListener("click", function () {
      const dark = root.dataset.theme
        ? root.dataset.theme === "dark"
        : window.matchMedia("(prefers-color-scheme: dark)").matches;
      root.dataset.theme = dark ? "light" : "dark";
    });
  }
  const search = document.getElementById("search");
  if (!search) { return; }
  const chips = Array.from(document.querySelectorAll(".filters [data-outcome]"));
  const entries = Array.from(document.querySelectorAll(".entry"));
  const families = Array.from(document.querySelectorAll("details.family"));
  const groups = Array.from(document.querySelectorAll(".group"));
  const nothing = document.getElementById("nothing");
  function apply() {
    const wanted = new Set(chips
      .filter(function (chip) { return chip.getAttribute("aria-pressed") === "true"; })
      .map(function (chip) { return chip.dataset.outcome; }));
    const text = search.value.trim().toLowerCase();
    const alive = new Set();
    entries.forEach(function (entry) {
      const show = wanted.has(entry.dataset.outcome) &&
        (!text || entry.id.toLowerCase().indexOf(text) >= 0);
      entry.hidden = !show;
      if (show) { alive.add(entry.closest("details.family")); }
    });
    families.forEach(function (family) {
      family.hidden = !alive.has(family);
      if (text && !family.hidden) { family.open = true; }
    });
    groups.forEach(function (group) {
      group.hidden = !group.querySelector("details.family:not([hidden])");
    });
    nothing.hidden = alive.size > 0;
  }
  chips.forEach(function (chip) {
    chip.addEventListener("click", function () {
      const on = chip.getAttribute("aria-pressed") === "true";
      chip.setAttribute("aria-pressed", on ? "false" : "true");
      apply();
    });
  });
  search.addEventListener("input", apply);
  function reveal() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const family = target && target.closest("details.family");
    if (family) { family.open = true; target.scrollIntoView(); }
  }
  window.addEventListener("hashchange", reveal);
  window.addEventListener("beforeprint", function () {
    families.forEach(function (family) {
      if (family.dataset.bad === "yes") { family.open = true; }
    });
  });
  reveal();
  root.dataset.ready = "yes";
}());
