// Voices: one key says whose each is, in the order of what an answer is worth.

import { ask, button, choose, h, once, say, span } from "./page.js";
import { play } from "./player.js";

const HEARD = { 1: ["the only one"], 2: ["the most typical", "the least like it"], 3: ["the most typical", "one side", "the other side"] }; // of a voice that may be two
let place, desk, rows = [], told = {}, at = 0, next = 0;

const row = () => rows[at];

async function load(keep = null) {
  told = await ask("api/voices");
  rows = told.voices;
  const found = rows.findIndex((voice) => voice.voice === keep);
  at = found >= 0 ? found : 0;
  draw();
}

function sum() {
  const { decisions, seconds } = told.settled;
  const settled = `${decisions} ${decisions === 1 ? "decision settles" : "decisions settle"} ${span(seconds)}`;
  return `${settled}; ${told.left.voices} voices left, which would settle ${span(told.left.seconds)}.`;
}

function draw() {
  if (!rows.length) return place.replaceChildren(h("p", {}, "No voice was found in this work folder."));
  place.replaceChildren(
    h("h2", {}, "Whose voice is it?"),
    h("p", { class: "figure", id: "sum" }, sum()),
    ...rows.map(card),
    told.more ? h("p", { class: "quiet" }, `And ${told.more} more, worth less: see review voices --csv.`) : null,
  );
  place.querySelector("[aria-current=true]")?.scrollIntoView({ block: "nearest" });
}

function card(voice, number) {
  const mine = number === at;
  const facts = [
    `${span(voice.seconds)} in ${voice.clips} ${voice.clips === 1 ? "clip" : "clips"}`, voice.gender, `${span(voice.uncertain_seconds)} uncertain`,
    `${span(voice.confident_seconds)} kept`, voice.target ? `like ${voice.target}: ${voice.similarity.toFixed(2)}` : "",
  ];
  const part = h("section", { class: `card${voice.decided ? " decided" : ""}`, "aria-current": mine ? "true" : null, "aria-label": voice.voice, "data-voice": voice.voice },
    h("h3", {}, voice.voice, " ", h("span", { class: "quiet figure" }, voice.decided ? "" : `settles ${span(voice.worth_seconds)}`),
      voice.decided ? h("span", { class: "said" }, voice.decided) : null),
    h("ul", { class: "facts quiet figure" }, facts.filter(Boolean).map((fact) => h("li", {}, fact))),
    h("div", { class: "row" }, voice.typical.map((clip, i) => button(mine ? (i ? "" : "Space") : "", `▶ ${HEARD[voice.typical.length][i]}`, () => { at = number; mark(); hear(i); }))),
    mine ? h("div", { class: "row" },
      voice.target ? button("y", `It is ${voice.target}`, once(() => decide("voice", voice.target)), "first") : null,
      button("n", "Somebody else", once(() => decide("voice", ""))),
      button("t", "Two people", once(() => decide("two", ""))),
      button("w", "It is …", name),
      button("m", "The same as …", merge),
      button("s", "Skip", () => move(1))) : null);
  part.addEventListener("click", () => { if (at !== number) { at = number; mark(); } });
  return part;
}

function mark() { next = 0; draw(); }

function move(by) {
  at = Math.min(Math.max(at + by, 0), rows.length - 1);
  mark();
}

function hear(number) {
  const clip = row().typical[number];
  next = (number + 1) % row().typical.length;
  say(`${row().voice}: ${HEARD[row().typical.length][number]}`);
  if (clip) play(`sound/${clip}/clip`);
}

// What was heard goes along: a run gives the voices other names, and a decision may wait in the browser until after it.
const tell = (voice, kind, value) => desk.decide({ about: "voice", of: voice.voice, kind, value, heard: voice.typical[0] });

async function decide(kind, value, voice = row()) {
  const answered = tell(voice, kind, value);
  say(`${voice.voice}: ${kind === "two" ? "two people, taken apart at the next run" : value || "somebody else"}`);
  voice.decided = kind === "two" ? "two people" : value || "nobody who is wanted";
  const open = rows.findIndex((other, number) => number !== at && !other.decided);
  if (open >= 0) at = open;
  const following = row()?.voice; // an earlier decision's answer may come in between
  mark();
  await answered.catch(() => {});
  await load(following);
}

async function name() {
  const voice = row();
  const value = await choose(`Whose voice is ${voice.voice}?`, [], { entry: "", known: told.speakers });
  if (value) await decide("voice", value, voice);
}

async function merge() {
  const first = row();
  const others = rows.filter((voice) => voice !== first).slice(0, 9);
  const second = await choose(`${first.voice} is the same person as`, others.map((voice, i) => [String(i + 1), `${voice.voice} (${span(voice.seconds)})`, voice]));
  if (!second) return;
  const value = await choose("Who is it?", [], { entry: first.target || "", known: told.speakers });
  if (!value) return;
  await Promise.all([first, second].map((voice) => tell(voice, "voice", value).catch(() => {})));
  say(`${first.voice} and ${second.voice}: ${value}`);
  await load();
}

export const voices = {
  async show(screen, given) { place = screen; desk = given; next = 0; await load(); },
  undone: ({ voice }) => load(voice),
  tick: async () => {
    const fresh = await ask("api/voices").catch(() => null);
    if (fresh && JSON.stringify(fresh) !== JSON.stringify(told)) { const keep = row()?.voice; told = fresh; rows = fresh.voices; at = Math.max(rows.findIndex((voice) => voice.voice === keep), 0); draw(); }
  },
  keys: () => ({ "↓ ↑, j k": "next, previous voice", Space: "hear its clips, one after the other", y: "it is the one it is like", n: "somebody else", t: "two people", w: "name who it is", m: "the same person as another voice", s: "skip" }),
  key(event) {
    if (!rows.length) return false;
    const keys = {
      ArrowDown: () => move(1), j: () => move(1), ArrowUp: () => move(-1), k: () => move(-1), s: () => move(1), " ": () => hear(next),
      y: () => row().target && decide("voice", row().target), n: () => decide("voice", ""), t: () => decide("two", ""), w: name, m: merge,
    };
    keys[event.key]?.();
    return event.key in keys;
  },
};
