// Texts: those least to be trusted first, to be put right while listening.

import { ask, button, h, say, stored } from "./page.js";
import { play } from "./player.js";

let place, desk, rows = [], more = false, skip = 0, at = 0;

async function load() {
  const answer = await ask(`api/texts?skip=${skip}`);
  rows = answer.clips;
  more = answer.more;
  at = 0;
  draw(answer.count);
}

const draft = (clip) => `draft:${clip.id}:text`;

function draw(count) {
  if (!rows.length) return place.replaceChildren(h("h2", {}, "Texts"), h("p", {}, "No clip of the corpus has a text yet: write into metadata.csv, press e on a clip, or switch transcription on."));
  place.replaceChildren(
    h("h2", {}, "What does it say?"),
    h("p", { class: "quiet" }, `${count.toLocaleString("en")} texts, those least to be trusted first: read much faster or slower than the rest, or with characters that the others do not have.`),
    ...rows.map(card),
    h("div", { class: "row" }, skip ? button("", "Back", () => { skip = Math.max(skip - 20, 0); load(); }) : null, more ? button("", "Further texts", () => { skip += 20; load(); }) : null));
  mark(0, false);
}

function card(clip, number) {
  const field = h("textarea", { rows: 2, lang: clip.language || null, "aria-label": `Text of ${clip.id}`, onfocus: () => mark(number, false), oninput: () => { stored.set(draft(clip), JSON.stringify(field.value)); },
    onkeydown: (event) => { if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); save(number); } else if (event.key === "ArrowDown" && event.altKey) mark(number + 1); } });
  field.value = JSON.parse(stored.get(draft(clip)) || "null") ?? clip.text;
  return h("section", { class: "card", "data-clip": clip.id, "aria-label": clip.id },
    h("h3", {}, clip.id, " ", h("span", { class: "quiet" }, clip.speaker || "")),
    h("p", { class: "line" }, marked(clip)),
    field,
    h("div", { class: "row" }, button("Space", "▶ Hear", () => { mark(number, false); hear(); }), button("Enter", "Save", () => save(number), "first")));
}

// The text as it stands, its strange characters marked; word by word where their times are known.
function marked(clip) {
  if (clip.words?.length) return clip.words.map(([word, start, end]) => h("span", { "data-start": start, "data-end": end }, `${word} `));
  const strange = new Set(clip.foreign);
  return [...clip.text].map((character, i) => (strange.has(i) ? h("mark", { title: "not a character of the other texts" }, character) : character));
}

function mark(number, focus = true) {
  at = Math.min(Math.max(number, 0), rows.length - 1);
  place.querySelectorAll(".card").forEach((part, i) => (i === at ? part.setAttribute("aria-current", "true") : part.removeAttribute("aria-current")));
  const part = place.querySelectorAll(".card")[at];
  part?.scrollIntoView({ block: "nearest" });
  if (focus) part?.querySelector("textarea").focus();
}

function hear() {
  const clip = rows[at], words = place.querySelectorAll(".card")[at].querySelectorAll("[data-start]");
  play(`sound/${clip.id}/clip`, { tell: (second, on) => words.forEach((word) => word.classList.toggle("spoken", on && second >= Number(word.dataset.start) && second < Number(word.dataset.end))) });
}

function save(number) {
  const clip = rows[number], field = place.querySelectorAll(".card")[number].querySelector("textarea");
  const value = field.value.replace(/\s+/g, " ").trim();
  desk.decide({ about: "clip", of: clip.id, kind: "text", value }).catch(() => {});
  stored.drop(draft(clip));
  clip.text = value;
  say(`${clip.id}: text saved`);
  mark(number + 1);
}

export const texts = {
  async show(screen, given) { place = screen; desk = given; skip = 0; await load(); },
  undone: () => load(),
  keys: () => ({ "↓ ↑, j k": "next, previous text", Space: "hear it", e: "edit it", Enter: "in the text: save and go on; Esc leaves it" }),
  key(event) {
    if (!rows.length) return false;
    const keys = { ArrowDown: () => mark(at + 1, false), j: () => mark(at + 1, false), ArrowUp: () => mark(at - 1, false), k: () => mark(at - 1, false), " ": hear, e: () => mark(at) };
    keys[event.key]?.();
    return event.key in keys;
  },
};
