// The frame: screens, keys, the person's name, undo.

import * as outbox from "./outbox.js";
import { choose, find, h, say, stored } from "./page.js";
import { playing, stop } from "./player.js";
import { clips } from "./clips.js";
import { progress } from "./progress.js";
import { texts } from "./texts.js";
import { tried } from "./tried.js";
import { voices } from "./voices.js";

const SCREENS = { voices, clips, texts, try: tried, progress };
const NAMES = Object.keys(SCREENS);
let current = null;

export const person = {
  get name() { return stored.get("who") || ""; },
  async know() {
    while (!this.name) await this.rename();
    return this.name;
  },
  async rename() {
    const name = await choose("Your name, which stands with your decisions", [], { entry: this.name });
    if (name) stored.set("who", name);
    find("name").textContent = this.name || "Name";
  },
};

// What a screen may do: decide, and be told what became of it.
export const desk = {
  async decide(decision) { return outbox.decide(await person.know(), decision); },
};

async function show() {
  const name = NAMES.includes(location.hash.slice(1)) ? location.hash.slice(1) : "voices";
  stop();
  current?.leave?.();
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const place = h("div", {}, h("p", { class: "quiet" }, "…")); // its own, so that what comes late is not drawn over another screen
  find("screen").replaceChildren(place);
  current = SCREENS[name];
  try { await current.show(place, desk); } catch (error) { say(error.message, true); }
}

async function undo() {
  const { undone } = await outbox.undo(await person.know());
  if (!undone) return say("There is nothing left to undo.");
  say(`Taken back: ${undone.kind} ${undone.value || ""}`);
  await (current.undone ? current.undone(undone) : show());
}

function help() {
  const keys = { ...current?.keys?.(), "1 – 5": "screens", u: "undo, as often as you like", "?": "these keys", Esc: "leave a field" };
  const list = h("dl", { class: "keys" }, Object.entries(keys).map(([key, words]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, words)]));
  const shown = choose("Keys", []);
  find("dialog").querySelector("h2").after(list);
  return shown;
}

const typing = (element) => element.matches("textarea, input, select");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || find("dialog").open) return;
  if (typing(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (event.repeat && !event.key.startsWith("Arrow")) return event.preventDefault(); // held: what came up since is another
  if (event.target.matches("button, a") && (event.key === "Enter" || event.key === " ")) return;
  if (/^[1-5]$/.test(event.key) && !event.shiftKey) location.hash = NAMES[event.key - 1];
  else if (event.key === "u") undo().catch(() => {});
  else if (event.key === "?") help();
  else if (!current?.key?.(event)) return;
  event.preventDefault();
});

addEventListener("hashchange", show);
addEventListener("online", outbox.flush);
addEventListener("beforeunload", (event) => { if (outbox.pending()) event.preventDefault(); });
find("undo").addEventListener("click", () => undo().catch(() => {}));
find("help").addEventListener("click", help);
find("name").addEventListener("click", () => person.rename());
find("name").textContent = person.name || "Name";
setInterval(() => { if (!document.hidden && !playing()) current?.tick?.(); }, 5000);
outbox.flush().then(() => person.know()).then(show);
