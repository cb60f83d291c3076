// What is edited of a clip: its text, its ends, where it is split. A draft survives a reload.

import { button, clock, find, h, once, say, stored } from "./page.js";

const STEP = 0.01, FAR = 0.1; // seconds of an arrow key, and with shift
let mode = null, tools = null;

const draft = () => `draft:${tools.clip.id}:${mode}`;
const keep = (value) => stored.set(draft(), JSON.stringify(value));
const drafted = (clip, kind) => JSON.parse(stored.get(`draft:${clip}:${kind}`) || "null");

export function leave() {
  mode = null;
  find("edit")?.replaceChildren();
}

// Where a draft was left before a reload, it is taken up.
export function resume(given) {
  const kind = ["text", "retime", "split"].find((name) => drafted(given.clip.id, name) !== null);
  if (kind) ({ text, retime: ends, split })[kind](given);
}

// The clips that have one.
export const unfinished = () => stored.names().filter((name) => name.startsWith("draft:")).map((name) => name.split(":")[1]);

function begin(given, kind) {
  tools = given;
  mode = kind;
}

function done(words) {
  stored.drop(draft());
  const { wave, clip } = tools;
  Object.assign(wave, { editing: false, cursor: null, start: clip.start, end: clip.end });
  leave();
  wave.draw();
  if (words) say(words);
}

export function text(given) {
  begin(given, "text");
  const field = h("textarea", { rows: 3, "aria-label": "Text of the clip", spellcheck: true, oninput: () => keep(field.value), onkeydown: (event) => { if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); save(); } if (event.key === "Escape") done(); } });
  field.value = drafted(given.clip.id, "text") ?? given.clip.text ?? "";
  const save = () => { given.decided("text", "text saved", { value: field.value.replace(/\s+/g, " ").trim() }); given.clip.text = field.value; done(); };
  find("edit").replaceChildren(field, h("div", { class: "row" }, button("Enter", "Save the text", once(save), "first"), button("Esc", "Leave", () => done())));
  field.focus();
}

export const open = () => mode !== null;

// wider: ends that are offered, where there are any.
export function ends(given, wider = null) {
  begin(given, "retime");
  const [start, end] = drafted(given.clip.id, "retime") ?? wider ?? [given.clip.start, given.clip.end];
  Object.assign(given.wave, { editing: true, start, end });
  panel("Other ends", [button("Tab", "The other end", swap), button("s", "Snap to a pause", snap), button("Space", "▶ Hear it so", () => given.hear("vocals"))]);
}

export function split(given) {
  begin(given, "split");
  given.wave.cursor = drafted(given.clip.id, "split") ?? given.wave.pause((given.clip.start + given.clip.end) / 2, (given.clip.end - given.clip.start) / 4);
  panel("Split", [button("s", "Snap to a pause", snap), button("Space", "▶ From there", () => given.hear("vocals", given.wave.cursor))]);
}

function panel(title, more) {
  find("edit").replaceChildren(
    h("p", { class: "figure", id: "edited", role: "status" }),
    h("div", { class: "row" }, button("←", "Earlier", () => shift(-STEP)), button("→", "Later", () => shift(STEP)), more, button("Enter", `${title}: save`, once(save), "first"), button("Esc", "Leave", () => done())));
  show();
}

function show() {
  const { wave } = tools;
  find("edited").textContent = mode === "split" ? `Split at ${clock(wave.cursor)}` : `From ${wave.start.toFixed(2)} to ${wave.end.toFixed(2)} s; the ${wave.edge} moves`;
  wave.draw();
}

function put(second) {
  const { wave, clip } = tools;
  const within = (low, high) => Math.round(Math.min(Math.max(second, low), high) * 100) / 100;
  if (mode === "split") wave.cursor = within(clip.start + FAR, clip.end - FAR);
  else if (wave.edge === "start") wave.start = within(clip.from, wave.end - FAR);
  else wave.end = within(wave.start + FAR, clip.to);
  keep(mode === "split" ? wave.cursor : [wave.start, wave.end]);
  show();
}

const here = () => (mode === "split" ? tools.wave.cursor : tools.wave[tools.wave.edge]);
const shift = (by) => put(here() + by);
const snap = () => put(tools.wave.pause(here()));

function swap() {
  tools.wave.edge = tools.wave.edge === "start" ? "end" : "start";
  show();
}

function save() {
  const { wave, decided } = tools;
  if (mode === "split") decided("split", "split at the next run", { times: [wave.cursor] });
  else decided("retime", "cut anew at the next run", { times: [wave.start, wave.end] });
  done();
  tools.saved();
}

// A tap on the wave: moves what is edited there; false where nothing is edited.
export function touch(second) {
  if (mode !== "retime" && mode !== "split") return false;
  if (mode === "retime") tools.wave.edge = Math.abs(second - tools.wave.start) < Math.abs(second - tools.wave.end) ? "start" : "end";
  put(tools.wave.pause(second, 0.1));
  return true;
}

export function key(event) {
  if (mode !== "retime" && mode !== "split") return false;
  const by = event.shiftKey ? FAR : STEP;
  const keys = { ArrowLeft: () => shift(-by), ArrowRight: () => shift(by), s: snap, Enter: save, Escape: () => done(), " ": () => (mode === "split" ? tools.hear("vocals", tools.wave.cursor) : tools.hear("vocals")) };
  if (mode === "retime") keys.Tab = swap;
  keys[event.key]?.();
  return event.key in keys;
}
