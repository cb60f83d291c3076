// Progress: who decided what, what is left, how far people agree.

import { ask, h } from "./page.js";

const NAMES = { voice: "voices", two: "voices heard as two", speaker: "clips' speakers", keep: "kept", drop: "dropped", text: "texts", retime: "other ends", split: "split", join: "joined", separated: "tried files" };
let place, shown = "";

const table = (title, columns, rows) => h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title }, h("table", {}, h("thead", {}, h("tr", {}, columns.map((words) => h("th", { scope: "col" }, words)))), h("tbody", {}, rows.map((cells) => h("tr", {}, cells.map((cell, i) => (i ? h("td", { class: "figure" }, cell) : h("th", { scope: "row" }, cell))))))));

async function load() {
  const [told, voices] = await Promise.all([ask("api/progress"), ask("api/voices")]);
  const text = JSON.stringify([told, voices.left]);
  if (text === shown) return;
  shown = text;
  const { sample } = told;
  const share = (value) => value.toFixed(2);
  place.replaceChildren(
    h("h2", {}, "Progress"),
    h("h3", {}, "Left"),
    table("Left", ["what", "how many"], [["voices", voices.left.voices], ["uncertain clips", told.left.uncertain.toLocaleString("en")], ["kept, not heard", told.left.lowest.toLocaleString("en")], ["left out by a score", told.left.dropped.toLocaleString("en")]]),
    h("h3", {}, "Decided"),
    told.people.length ? table("Decided", ["who", "what", "a minute"], told.people.map((person) => [person.who, Object.entries(person.kinds).map(([kind, count]) => `${count} ${NAMES[kind] || kind}`).join(", "), person.per_minute ?? "–"])) : h("p", {}, "Nothing yet."),
    h("h3", {}, "Blind sample"),
    h("p", { class: "figure" }, sample.heard ? `${sample.heard} heard, ${sample.right} right: ${(sample.right / sample.heard).toFixed(3)}, 95 % between ${share(sample.low)} and ${share(sample.high)}` : "Nobody has heard any of it: choose it under Clips."),
    h("h3", {}, "Agreement"),
    told.pairs.length ? table("Agreement", ["who", "both heard", "Cohen's kappa"], told.pairs.map((pair) => [pair.people.join(" and "), pair.heard, pair.kappa.toFixed(2)])) : h("p", {}, "No two people have heard the same."),
    ...told.faults.map((fault) => h("p", { class: "quiet" }, fault)));
}

export const progress = {
  async show(screen) { place = screen; shown = ""; await load(); },
  tick: load,
  undone: load,
};
